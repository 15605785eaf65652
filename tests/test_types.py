"""What `make lint` says of a call whose arguments are wrong, by type or by name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CALLS = """\
from app.models import Post, User
from app.permissions import Permission


def call(ann: User, post: Post) -> None:
    ann.can(Permission.WRITE)
    ann.can("write")  # arg-type
    ann.follow(post)  # arg-type
    ann.deactivate(by=ann, reasons="spam")  # call-arg
    post.hide(by=ann)  # call-arg
    post.hiden  # attr-defined
    ann.is_banend  # attr-defined
"""


@pytest.mark.large  # the checker takes seconds; half a minute where it has no cache
def test_a_wrong_argument_fails_lint(tmp_path):
    file = tmp_path / "calls.py"
    file.write_text(CALLS)
    mypy = [sys.executable, "-m", "mypy", "--no-pretty", str(file)]
    result = subprocess.run(mypy, cwd=ROOT, capture_output=True, text=True)

    found = re.findall(r"calls\.py:(\d+): error: .*\[([\w-]+)\]$", result.stdout, re.MULTILINE)
    wrong = enumerate(CALLS.splitlines(), start=1)
    assert found == [(str(n), line.split("  # ")[1]) for n, line in wrong if "  # " in line]
    assert result.returncode == 1
