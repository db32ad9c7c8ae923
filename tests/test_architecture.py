"""The layout, held by reading the source: who may import whom, and what no file may do.

Each rule is a function from a file's path and source to complaints, so that the tests
can feed it a bad file as well as the project's own.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
Rule = Callable[[str, str], list[str]]

LONGEST_SCRIPT = 140
COMPUTING = {"numpy", "scipy", "pandas"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "breakpoint"}
TEXT_FILES = {".py", ".md", ".toml", ".txt", ".json", ".yml", ".yaml", ".css", ".js", ""}


def is_script(path: str) -> bool:
    """Tell whether ``path`` is app.py or a page, a file that Streamlit itself runs."""
    return path == "app.py" or (path.startswith("pages/") and path.count("/") == 1)


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(path: str, source: str) -> Iterator[str]:
    """Yield the full name of everything that is imported, at any depth in the file."""
    package = path.rsplit("/", 1)[0].split("/") if "/" in path else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` for a name or an attribute, and the empty string for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (head := dotted(node.value)):
        return f"{head}.{node.attr}"
    return ""


# The rules


def imports_run_one_way(path: str, source: str) -> list[str]:
    """app.py and the pages import pages/ui, pages/ui imports core, core imports neither."""
    complaints = []
    scripts = {module_of(p) for p in project_files() if is_script(p)}
    for name in imports(path, source):
        root = name.split(".")[0]
        if path.startswith("core/"):
            if root not in sys.stdlib_module_names | {"numpy", "scipy", "core"}:
                complaints.append(f"core imports {name}")
        elif any(within(name, script) for script in scripts):
            complaints.append(f"{name} is a script, which nothing may import")
        if path.startswith(("core/", "pages/")) and root in ("app", "tests"):
            complaints.append(f"imports {name}")
    return complaints


def charts_know_no_streamlit(path: str, source: str) -> list[str]:
    """Charts turn arrays into figures, so that they can be tested and exported as they are."""
    if path != "pages/ui/charts.py":
        return []
    return [f"imports {n}" for n in imports(path, source) if within(n, "streamlit")]


def pages_hold_no_mathematics(path: str, source: str) -> list[str]:
    """Keep arrays out of pages: a page reads like a table of contents."""
    if not is_script(path):
        return []
    banned = COMPUTING | {"math", "cmath", "statistics", "plotly"}
    return [f"imports {n}" for n in imports(path, source) if n.split(".")[0] in banned]


def scripts_begin_with_the_frame(path: str, source: str) -> list[str]:
    """Call frame.begin(...) before anything else, imports and constants excepted."""
    if not is_script(path):
        return []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # the docstring
        if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign):
            calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
            if not any(dotted(c.func).split(".")[0] == "st" for c in calls):
                continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = dotted(node.value.func)
            return [] if called == "frame.begin" else [f"{called}() comes before frame.begin()"]
        return [f"line {node.lineno} comes before frame.begin()"]
    return ["frame.begin() is never called"]


def scripts_are_short(path: str, source: str) -> list[str]:
    """Keep scripts short: what is longer belongs in pages/ui."""
    lines = len(source.splitlines())
    if is_script(path) and lines > LONGEST_SCRIPT:
        return [f"{lines} lines, more than {LONGEST_SCRIPT}"]
    return []


def nothing_dangerous_is_called(path: str, source: str) -> list[str]:
    """No navigation by code, no raw HTML, no sleeping, no code made from text."""
    if path.startswith("tests/"):
        return []
    complaints = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and dotted(node.func) in FORBIDDEN_CALLS:
            complaints.append(f"calls {dotted(node.func)}")
        if isinstance(node, ast.keyword) and node.arg == "unsafe_allow_html":
            complaints.append("passes unsafe_allow_html")
        if isinstance(node, ast.Constant) and node.value == "unsafe_allow_html":
            complaints.append("names unsafe_allow_html")
        if isinstance(node, ast.Attribute) and dotted(node) in ("st.navigation", "time.sleep"):
            complaints.append(f"uses {dotted(node)}")
    banned = ("streamlit.navigation", "time.sleep")
    complaints += [f"imports {n}" for n in imports(path, source) if n in banned]
    return complaints


def colours_come_from_the_theme(path: str, source: str) -> list[str]:
    """Colours belong in .streamlit/config.toml, once for light and once for dark."""
    if not path.startswith("pages/") and path != "app.py":
        return []
    # rgba(0,0,0,0) is no colour: Plotly's word for transparent.
    literal = re.compile(
        r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\b|\brgba?\((?!0,0,0,0\))|\bhsla?\(", re.I
    )
    return [
        f"line {node.lineno}: {node.value[:40]!r}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and literal.search(node.value)
    ]


def nothing_points_outside(path: str, source: str) -> list[str]:
    """No file names a place that exists on one machine only."""
    # Written in pieces, so that this file passes its own rule.
    outside = re.compile(
        "|".join(["/" + "home/", "/" + "root/", "/" + "Users/", "/" + "work/", r"\.\./" + "shared"])
        + "|[A-Z]:"
        + r"\\Users"
    )
    return [f"{m[0]!r}" for m in outside.finditer(source)]


PYTHON_RULES: list[Rule] = [
    imports_run_one_way,
    charts_know_no_streamlit,
    pages_hold_no_mathematics,
    scripts_begin_with_the_frame,
    scripts_are_short,
    nothing_dangerous_is_called,
    colours_come_from_the_theme,
]


# The project


@cache
def project_files(suffixes: frozenset[str] = frozenset({".py"})) -> list[str]:
    """Return the project's own files, as paths with slashes, virtual environments left out."""
    own = ("core", "pages", "tests", "assets", ".streamlit", ".ci", ".github")
    paths = [*ROOT.iterdir(), *(path for name in own for path in (ROOT / name).rglob("*"))]
    return sorted(
        path.relative_to(ROOT).as_posix()
        for path in paths
        if path.is_file()
        and path.suffix in suffixes
        and "__pycache__" not in path.parts
        and path.name != ".git"
    )


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", PYTHON_RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Rule) -> None:
    complaints = [
        f"{path}: {complaint}" for path in project_files() for complaint in rule(path, read(path))
    ]
    assert complaints == []


def test_no_file_points_outside_the_project() -> None:
    paths = project_files(frozenset(TEXT_FILES))
    complaints = [f"{p}: {c}" for p in paths for c in nothing_points_outside(p, read(p))]
    assert complaints == []


def test_the_files_are_found() -> None:
    """An empty list of files would keep every rule."""
    found = set(project_files())
    assert found >= {"app.py", "pages/activations.py", "pages/ui/frame.py", "core/spec.py"}
    assert found >= {"pages/ui/charts.py", "tests/test_architecture.py"}
    assert not any(".venv" in path for path in found)


def test_every_script_is_a_page_of_the_menu() -> None:
    """Without st.navigation the menu is a table of scripts, which must not go stale."""
    from pages.ui.frame import MENU

    listed = [page.script for section in MENU.values() for page in section.values()]
    scripts = [path for path in project_files() if is_script(path)]
    assert sorted(set(listed)) == sorted(scripts)


# Every rule can fail


BEGIN = "from pages.ui import frame\nframe.begin('home')\n"


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (imports_run_one_way, "core/facts.py", "import streamlit"),
        (imports_run_one_way, "core/facts.py", "import pandas as pd"),
        (imports_run_one_way, "core/facts.py", "from plotly import graph_objects"),
        (imports_run_one_way, "core/facts.py", "def f():\n    from pages.ui import charts"),
        (imports_run_one_way, "core/activations/elu.py", "from ...pages import ui"),
        (imports_run_one_way, "pages/ui/charts.py", "import app"),
        (imports_run_one_way, "pages/ui/charts.py", "from pages import activations"),
        (imports_run_one_way, "pages/ui/charts.py", "from .. import activations"),
        (imports_run_one_way, "app.py", "import pages.activations"),
        (imports_run_one_way, "pages/ui/charts.py", "from tests import formulas"),
        (charts_know_no_streamlit, "pages/ui/charts.py", "import streamlit as st"),
        (charts_know_no_streamlit, "pages/ui/charts.py", "from streamlit.errors import Error"),
        (pages_hold_no_mathematics, "pages/activations.py", "import numpy as np"),
        (pages_hold_no_mathematics, "app.py", "from scipy.special import erf"),
        (pages_hold_no_mathematics, "app.py", "from math import tanh"),
        (scripts_begin_with_the_frame, "app.py", "import streamlit as st\nst.write(1)\n" + BEGIN),
        (scripts_begin_with_the_frame, "app.py", "import streamlit as st\nx = st.slider('x')"),
        (scripts_begin_with_the_frame, "pages/activations.py", "x = 1"),
        (scripts_begin_with_the_frame, "app.py", "if True:\n    frame.begin('home')"),
        (scripts_begin_with_the_frame, "app.py", "begin('home')"),
        (scripts_are_short, "pages/activations.py", BEGIN + "x = 1\n" * LONGEST_SCRIPT),
        (nothing_dangerous_is_called, "app.py", "import streamlit as st\nst.navigation([])"),
        (nothing_dangerous_is_called, "app.py", "from streamlit import navigation"),
        (nothing_dangerous_is_called, "app.py", "st.markdown('x', unsafe_allow_html=True)"),
        (nothing_dangerous_is_called, "app.py", "st.markdown('x', **{'unsafe_allow_html': True})"),
        (nothing_dangerous_is_called, "pages/ui/live.py", "import time\ntime.sleep(1)"),
        (nothing_dangerous_is_called, "pages/ui/live.py", "from time import sleep"),
        (nothing_dangerous_is_called, "core/facts.py", "eval('1')"),
        (nothing_dangerous_is_called, "core/facts.py", "def f():\n    exec('1')"),
        (colours_come_from_the_theme, "pages/ui/charts.py", "RED = '#d55e00'"),
        (colours_come_from_the_theme, "app.py", "x = 'border: 1px solid #FFF'"),
        (colours_come_from_the_theme, "app.py", "x = 'rgb(1, 2, 3)'"),
        (nothing_points_outside, "core/facts.py", "# see " + "/" + "home/someone/notes"),
        (nothing_points_outside, "README.md", "as ../" + "shared/notes.md says"),
    ],
)
def test_the_rule_catches(rule: Rule, path: str, source: str) -> None:
    assert rule(path, source)


@pytest.mark.parametrize("rule", [*PYTHON_RULES, nothing_points_outside], ids=lambda r: r.__name__)
@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("app.py", '"""Home."""\n\nimport streamlit as st\n\n' + BEGIN + "st.write('#1, #a11y')\n"),
        ("pages/activations.py", "PRESETS = (dict(a=1),)\n" + BEGIN),
        ("pages/ui/charts.py", "import numpy as np\nfrom core.spec import Interval\n"),
        ("pages/ui/frame.py", "import streamlit as st\nfrom . import state\n"),
        ("core/facts.py", "import math\nfrom scipy.special import erf\nfrom . import spec\n"),
    ],
)
def test_the_rule_lets_good_code_pass(rule: Rule, path: str, source: str) -> None:
    assert rule(path, source) == []
