"""The media workshop: a file in, a published streaming set out.

No web framework, no database, nothing of the application.

Words: a **source** is probed into MediaInfo; the **ladder** policy and MediaInfo make a **plan** of steps; running it
writes **renditions** in **segments** with **manifests**, a poster, a storyboard and plain files, and publishes them
under a prefix named by the plan's digest. Invariants: nothing is upscaled; all rungs have their key frames on one
grid; the master manifest is written last; the same plan twice changes nothing.
"""

from __future__ import annotations

from .analysis import Analysis, analyse
from .captions import to_webvtt, transcript_text
from .chapters import Chapter, ChapterList, ChapterProblem, parse_chapters, to_chapter_file
from .errors import Cancelled, EncodingFailed, MediaRefused, OutOfSpace, PipelineError
from .ladder import LadderPolicy, PolicyInvalid, make_ladder, parse_policy
from .pipeline import run
from .plan import make_plan, recipe_of
from .preflight import Finding, Report, judge
from .preflight_policy import PreflightPolicy, parse_preflight
from .probe import probe
from .steps import Plan
from .tools import find_tools
from .types import MediaInfo, ProbeLimits, Published, Rendition, RunLimits, Tools

__all__ = [
    "Analysis",
    "Cancelled",
    "Chapter",
    "ChapterList",
    "ChapterProblem",
    "EncodingFailed",
    "Finding",
    "LadderPolicy",
    "MediaInfo",
    "MediaRefused",
    "OutOfSpace",
    "PipelineError",
    "Plan",
    "PolicyInvalid",
    "PreflightPolicy",
    "ProbeLimits",
    "Published",
    "Rendition",
    "Report",
    "RunLimits",
    "Tools",
    "analyse",
    "find_tools",
    "judge",
    "make_ladder",
    "make_plan",
    "parse_chapters",
    "parse_policy",
    "parse_preflight",
    "probe",
    "recipe_of",
    "run",
    "to_chapter_file",
    "to_webvtt",
    "transcript_text",
]
