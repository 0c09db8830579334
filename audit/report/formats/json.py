"""The record itself, as indented JSON."""

from __future__ import annotations

from audit.declarations.output_format import OutputFormat
from audit.report.record_json import record_json

FORMAT = OutputFormat(name="json", suffix=".json", media_type="application/json", render=record_json, stem="record")
