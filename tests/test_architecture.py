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
# What may import what within the models, and within the ground: each row only from those above it.
ROOMS = [
    ["conditions", "counted", "errors", "fields", "lease", "locking", "pair", "statements"],
    ["audit"],
    ["notifications", "roles", "site"],
    ["users"],
    ["content", "mail"],
    ["reading"],
    ["moderation"],
    ["retention", "visit"],
]
GROUND = [
    ["databases", "images", "permissions", "text"],
    ["extensions", "security"],
    ["forms", "pagination"],
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


def test_the_models_and_the_ground_have_an_order_too():
    """Files of one row may import each other; `test_imports_never_turn_in_a_circle` limits that."""
    wrong = []
    for rows, depth in ((ROOMS, 2), (GROUND, 1)):
        row = {name: number for number, names in enumerate(rows) for name in names}
        for module, others in IMPORTS.items():
            here = room(module, depth)
            there = [
                other for other in others if row.get(room(other, depth), -1) > row.get(here, 99)
            ]
            wrong += [f"{module} imports {other}" for other in there]

    assert wrong == []
    rooms = {room(module, 2) for module in FILES if module.startswith("app.models.")}
    assert rooms == {name for names in ROOMS for name in names}


def room(module, depth):
    """Return the name of the package below `app` or `app.models` that a module belongs to."""
    parts = module.split(".")
    is_inside = parts[0] == "app" and (depth == 1 or parts[1:2] == ["models"])
    return parts[depth] if is_inside and len(parts) > depth else None
