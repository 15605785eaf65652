"""Imports run downward, stand at the top of their file, and never turn back."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = [
    ["config"],
    ["databases", "extensions", "forms", "images", "pagination", "permissions", "security", "text"],
    ["models"],
    ["access", "data_export", "decorators", "doctor", "email", "fake", "imports", "jobs", "web"],
    ["account", "admin", "auth", "cli", "dev", "main", "moderation"],
    ["app"],
]
FLOOR = {part: number for number, parts in enumerate(FLOORS) for part in parts}
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in [ROOT / "config.py", *(ROOT / "app").rglob("*.py")]
}


def part_of(module):
    return module.split(".")[1] if "." in module else module


def imports(module, tree):
    """The modules of ours that a file imports, under their full names."""
    package = module.split(".") if FILES[module].name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in FILES)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            source = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                name = f"{source}.{alias.name}"
                if name in FILES or source in FILES:
                    yield name if name in FILES else source


TREES = {module: ast.parse(path.read_text()) for module, path in FILES.items()}
IMPORTS = {module: set(imports(module, tree)) - {module} for module, tree in TREES.items()}


def test_every_file_has_its_floor():
    assert {part_of(module) for module in FILES} | {"account"} == set(FLOOR)


def test_a_file_imports_from_lower_floors_only():
    """A neighbour on the same floor may be imported, a blueprint never; nor the app itself."""
    wrong = []
    for module, others in IMPORTS.items():
        for other in others:
            here, there = part_of(module), part_of(other)
            blueprints = FLOOR[here] == FLOOR["main"] and here != there
            too_high = FLOOR[there] > FLOOR[here] - blueprints
            if too_high or (other == "app" and module != "app"):
                wrong.append(f"{module} imports {other}")

    assert wrong == []


def test_imports_never_turn_in_a_circle():
    """A package may import its own files, and they each other, one way."""
    left = {module: set(others) for module, others in IMPORTS.items()}
    while free := [module for module, others in left.items() if not others & set(left)]:
        for module in free:
            del left[module]
    assert left == {}


def test_imports_stand_at_the_top_and_are_there_for_all():
    wrong = []
    for module, tree in TREES.items():
        anywhere = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
        if tree.body[1 : 1 + len(anywhere)] != anywhere:  # the docstring comes first
            wrong.append(module)

    assert wrong == []


def test_every_file_opens_with_a_sentence():
    assert [module for module, tree in TREES.items() if not ast.get_docstring(tree)] == []
