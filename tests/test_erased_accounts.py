"""Deleted accounts: nobody inherits their id, links or rights."""

from base64 import urlsafe_b64encode

import pytest
from factories import keep, make_user

from app.extensions import db
from app.models import AuditEntry, EmailReversal, Role, User
from app.models.retention.erasure import delete_account
from app.models.users.rank import Refused

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize("make", [make_user, lambda: keep(Role(name="Passing", permissions=1))])
def test_the_id_of_somebody_or_something_deleted_is_not_given_again(app, make):
    """SQLite would, unless told otherwise: links, marks and the log speak of ids."""
    first = make()
    id = first.id
    db.session.delete(first)
    db.session.commit()

    assert make().id > id


def test_a_way_back_of_a_deleted_member_leads_into_no_other_account(client, ada):
    evil = make_user("evil")
    token = evil.generate_email_revert_token("former@example.org")
    db.session.commit()
    delete_account(evil, by=ada)
    db.session.commit()
    vic = make_user("vic")
    EmailReversal.open(vic, "vics@example.org")
    db.session.commit()

    assert client.post(f"/auth/revert-email/{token}").status_code == 400
    assert vic.email == "vic@example.org" and vic.password_hash


def test_an_account_that_staff_moved_does_not_give_way_to_who_had_its_address(client, ada, alice):
    """Whoever left an address takes it back from a claimant, not from a member moved there."""
    token = alice.generate_email_revert_token("former@example.org")
    boss = make_user("boss", role="Administrator")
    boss.assign_address("former@example.org", by=ada)
    db.session.commit()

    assert client.post(f"/auth/revert-email/{token}").status_code == 400
    assert User.with_username("boss").email == "former@example.org"


def test_a_claimant_who_gives_way_is_noted(client, alice):
    """R-94."""
    token = alice.generate_email_revert_token("former@example.org")
    make_user("claimant", email="former@example.org", confirmed=False)
    db.session.commit()

    assert client.post(f"/auth/revert-email/{token}").status_code == 302
    entry = db.session.scalars(AuditEntry.latest()).first()
    assert (entry.action, entry.actor_name, entry.target_name) == ("delete", "the site", "claimant")


def test_the_rank_is_asked_anew_when_an_account_is_made(app, ada):
    """R-81: whoever was demoted while they waited makes no administrator."""
    make_user("eda", role="Administrator")
    db.session.commit()
    closed = db.update(User).where(User.id == ada.id).values(deactivated_at=ada.member_since)
    db.session.execute(closed, execution_options={"synchronize_session": False})

    with pytest.raises(Refused):
        User.make(role=Role.named("Administrator"), by=ada, email="x@example.org", username="x")


BEYOND = [
    ("/admin/users?after=", '["0001-01-01T00:00:00+23:59",1]'),
    ("/admin/users?before=", '["9999-12-31T23:59:59-23:59",1]'),
    ("/log?after=", "[9223372036854775807]"),
    ("/admin/audit?after=", "[4294967296]"),
    ("/admin/audit?until=9999-12-31", ""),
]


def test_a_cursor_or_day_beyond_all_bounds_is_nonsense_not_a_fault(client, ada):
    """R-86, R-90."""
    client.sign_in(ada)

    for path, cursor in BEYOND:
        address = path + urlsafe_b64encode(cursor.encode()).decode()
        assert client.get(address).status_code == 200, (path, cursor)


def test_an_end_of_a_freeze_beyond_all_bounds_is_said(client, ada):
    client.sign_in(ada)
    form = dict(site_name="Club", registration="open", readers="all", posts_per_page="20")
    form |= dict(hold_first="0")

    for moment in ("0001-01-01T00:00", "0999-01-01T00:00", "9999-12-31T23:59"):
        answer = client.post("/admin/settings", data=form | {"frozen_until": moment})
        assert "Choose an earlier time." in answer.text
