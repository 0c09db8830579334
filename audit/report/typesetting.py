"""Sets one HTML document in pages: a process of its own that reads a job on stdin and writes a PDF to stdout."""

from __future__ import annotations

import gc
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pydyf
    from weasyprint import Document

NO_LIBRARIES = 3
"""Exit status where Pango, or another library that it needs, is not installed."""
REFUSED = 4
"""Exit status where the document asked for something outside itself."""


def main() -> int:
    """Read a job, write the PDF; what WeasyPrint warns of goes to stderr, one line each."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    job = json.load(sys.stdin.buffer)
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        # cffi raises OSError where a system library is missing.
        print(error, file=sys.stderr)
        return NO_LIBRARIES
    # The process ends with its one job: looking for rubbish would take a third of its time.
    gc.disable()
    try:
        pdf = typeset(job["html"], record=job["record"], identifier=job["identifier"], date=job["date"])
    except weasyprint.urls.FatalURLFetchingError as error:
        print(error, file=sys.stderr)
        return REFUSED
    sys.stdout.buffer.write(pdf)
    return 0


def typeset(html: str, *, record: str, identifier: str, date: str | None) -> bytes:
    """Return a document as PDF/A-3a and PDF/UA-1.

    Parameters
    ----------
    html : the document; it may hold data URLs, and asks for nothing else.
    record : the audit record as JSON, attached as the source of the document.
    identifier : text that makes the file's identifier, 16 bytes at most.
    date : date of the audit, ISO 8601; null leaves the document without one.
    """
    import weasyprint

    when = datetime.fromisoformat(date).replace(tzinfo=UTC) if date else datetime(1980, 1, 1, tzinfo=UTC)
    attachment = weasyprint.Attachment(
        string=record,
        name="record.json",
        description="The audit record: every number of this report",
        created=when,
        modified=when,
        relationship="Source",
        url_fetcher=_fetcher(),
    )
    document = weasyprint.HTML(string=html, url_fetcher=_fetcher(), media_type="print").render(
        pdf_variant="pdf/a-3a", pdf_tags=True
    )
    document.metadata.created = document.metadata.modified = when.strftime("%Y-%m-%dT%H:%M:%SZ") if date else None
    pdf: bytes = document.write_pdf(
        finisher=_finished,
        pdf_variant="pdf/a-3a",
        pdf_tags=True,
        pdf_identifier=identifier.encode()[:16],
        attachments=[attachment],
    )
    return pdf


def _fetcher() -> Any:
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    class OnlyData(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if not url.startswith("data:"):
                raise FatalURLFetchingError(f"the document asks for {url[:200]}, which lies outside it")
            return super().fetch(url, headers)

    return OnlyData(allowed_protocols=["data"])


def _finished(document: Document, pdf: pydyf.PDF) -> None:
    _claim_accessibility(document, pdf)
    _list_attachments_once(pdf)
    _straighten_tables(pdf)
    _scope_headers(pdf)
    _pair_terms(pdf)
    _tag_links(pdf)


def _claim_accessibility(document: Document, pdf: pydyf.PDF) -> None:
    # In WeasyPrint's own RDF, since readers do not look into a second one.
    import pydyf

    rdf = document.metadata.generate_rdf_metadata("a", 3, "A").replace(b"</rdf:RDF>", _ACCESSIBLE + b"</rdf:RDF>")
    stream = pydyf.Stream([_PACKET % rdf], {"Type": "/Metadata", "Subtype": "/XML"}, compress=False)
    pdf.add_object(stream)
    pdf.catalog["Metadata"] = stream.reference


def _list_attachments_once(pdf: pydyf.PDF) -> None:
    listed = pdf.catalog.get("AF", [])
    listed[:] = list(dict.fromkeys(listed))


def _straighten_tables(pdf: pydyf.PDF) -> None:
    # The boxes that hold a caption placed out of the flow are tagged as tables inside the table.
    for table in _elements(pdf, "/Table"):
        parts = _taken_apart(pdf, table)
        for part in parts:
            part["P"] = table.reference
        table["K"][:] = [part.reference for part in sorted(parts, key=lambda part: part["S"] != "/Caption")]


def _taken_apart(pdf: pydyf.PDF, table: Any) -> list[Any]:
    kids = [_object(pdf, kid) for kid in table["K"]]
    table["K"][:] = []
    return [part for kid in kids for part in (_taken_apart(pdf, kid) if kid["S"] == "/Table" else [kid])]


def _scope_headers(pdf: pydyf.PDF) -> None:
    # WeasyPrint links cells to their headers, but does not say what a header heads.
    heads = {kid for head in _elements(pdf, "/THead") for kid in head["K"]}
    for row in _elements(pdf, "/TR"):
        scope = "/Column" if row.reference in heads else "/Row"
        for cell in (_object(pdf, kid) for kid in row["K"]):
            if cell and cell.get("S") == "/TH" and "A" in cell:
                cell["A"]["Scope"] = scope


def _pair_terms(pdf: pydyf.PDF) -> None:
    # A list of terms is tagged as items inside divisions; a term and its meaning are one item.
    for listing in _elements(pdf, "/L"):
        for group in [kid for kid in (_object(pdf, k) for k in listing["K"]) if kid and kid["S"] == "/Div"]:
            group["S"] = "/LI"
            for place, part in enumerate(part for part in (_object(pdf, k) for k in group["K"]) if part):
                part["S"] = "/LBody" if place else "/Lbl"
                for inner in (_object(pdf, k) for k in part["K"]):
                    if inner and inner.get("S") in ("/Lbl", "/LBody"):
                        inner["S"] = "/Div" if place else "/Span"


def _tag_links(pdf: pydyf.PDF) -> None:
    # A block inside a link gets a link of its own, which WeasyPrint tags by the block's name.
    for element in [o for o in pdf.objects if isinstance(o, dict) and o.get("Type") == "/StructElem"]:
        for kid in element.get("K", ()):
            held = _object(pdf, kid)
            if held and held.get("Type") == "/OBJR" and (_object(pdf, held["Obj"]) or {}).get("Subtype") == "/Link":
                element["S"] = "/Link"


def _elements(pdf: pydyf.PDF, kind: str) -> Iterator[Any]:
    return (o for o in pdf.objects if isinstance(o, dict) and o.get("S") == kind)


def _object(pdf: pydyf.PDF, reference: Any) -> Any:
    number = reference.split()[0] if isinstance(reference, str | bytes) else ""
    found = pdf.objects[int(number)] if number.isdigit() else None
    return found if isinstance(found, dict) else None


_PACKET = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">%s</x:xmpmeta>
<?xpacket end="r"?>"""
# PDF/A readers want these very prefixes.
_ACCESSIBLE = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about=""
  xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
  xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
  xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file follows</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""

if __name__ == "__main__":
    sys.exit(main())
