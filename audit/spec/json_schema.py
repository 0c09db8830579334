"""The spec's type to a JSON Schema, so that editors complete and check a spec while it is written."""

from __future__ import annotations

from typing import Any

from audit import catalogue
from audit.records.spec import AuditSpec
from audit.resources import shipped_packs


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the spec; names of extensions on this system stand in it as examples."""
    schema = AuditSpec.model_json_schema()
    sections = schema["$defs"]
    sections["PerformanceSpec"]["properties"]["metrics"]["examples"] = [list(catalogue.names("metrics"))]
    sections["AttributionSpec"]["properties"]["methods"]["examples"] = [list(catalogue.names("attributions"))]
    sections["AttributionSpec"]["properties"]["checks"]["examples"] = [list(catalogue.names("attribution_checks"))]
    sections["RobustnessSpec"]["properties"]["checks"]["examples"] = [list(catalogue.names("checks"))]
    sections["ReportSpec"]["properties"]["formats"]["examples"] = [list(catalogue.names("output_formats"))]
    schema["properties"]["policies"]["examples"] = [list(shipped_packs())]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:model-audit:spec:1",
        **schema,
        "title": "Audit spec",
    }
