"""Turns numbers into pictures: one function a chart, SVG text out."""

from audit.report.charts.bars import Bar, bars
from audit.report.charts.beeswarm import beeswarm
from audit.report.charts.confusion import confusion
from audit.report.charts.forest import ForestPoint, forest
from audit.report.charts.heatmap import heatmap
from audit.report.charts.histogram import histogram
from audit.report.charts.lines import Series, lines
from audit.report.charts.node_link import Node, node_link
from audit.report.charts.panels import Band, Panel, panels
from audit.report.charts.reliability import reliability
from audit.report.charts.waterfall import waterfall

__all__ = [
    "Band",
    "Bar",
    "ForestPoint",
    "Node",
    "Panel",
    "Series",
    "bars",
    "beeswarm",
    "confusion",
    "forest",
    "heatmap",
    "histogram",
    "lines",
    "node_link",
    "panels",
    "reliability",
    "waterfall",
]
