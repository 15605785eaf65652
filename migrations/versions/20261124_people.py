"""People: roles for a time, approval of newcomers, and a search that is fast in a million.

PostgreSQL searches by trigrams of its extension pg_trgm, SQLite by those of FTS5.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "a90d2f61c7e3"
down_revision = "b55193d097fb"

# SQLite would give the id of a deleted row to the next one. Batches make a table anew, so each that
# touches one of these has to say so again.
ONCE = {"table_kwargs": {"sqlite_autoincrement": True}, "recreate": "auto"}
ANEW = {**ONCE, "recreate": "always"}  # only SQLite needs it
FEW = {
    "ix_users_unconfirmed": sa.text("confirmed_at IS NULL"),
    "ix_users_deactivated": sa.text("deactivated_at IS NOT NULL"),
    "ix_users_awaiting": sa.text("approval_asked_at IS NOT NULL"),
}
INDEXES = {
    "ix_users_newest": ["member_since", "id"],
    "ix_users_seen": ["last_seen", "id"],
    "ix_users_role": ["role_id", "id"],
    "ix_users_role_until": ["role_until"],
    "ix_users_former_role_id": ["former_role_id"],
    "ix_users_name_key": ["name_key", "id"],
    "ix_users_address_key": ["address_key", "id"],
}
SQLITE_SEARCH = (
    "CREATE VIRTUAL TABLE users_search USING fts5"
    "(search_text, content='users', content_rowid='id', tokenize='trigram case_sensitive 1')",
    "CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN"
    " INSERT INTO users_search (rowid, search_text) VALUES (new.id, new.search_text); END",
    "CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN"
    " INSERT INTO users_search (users_search, rowid, search_text)"
    " VALUES ('delete', old.id, old.search_text); END",
    "CREATE TRIGGER users_search_update AFTER UPDATE OF search_text ON users BEGIN"
    " INSERT INTO users_search (users_search, rowid, search_text)"
    " VALUES ('delete', old.id, old.search_text);"
    " INSERT INTO users_search (rowid, search_text) VALUES (new.id, new.search_text); END",
    "INSERT INTO users_search (users_search) VALUES ('rebuild')",
)


def upgrade():
    with op.batch_alter_table("roles", **ONCE) as roles:
        roles.add_column(
            sa.Column("requestable", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("roles", **ONCE) as roles:
        roles.alter_column("requestable", server_default=None)

    text = {"nullable": False, "server_default": ""}
    with op.batch_alter_table("users", **ONCE) as users:
        users.add_column(sa.Column("approval_asked_at", sa.DateTime(timezone=True)))
        users.add_column(sa.Column("sign_up_reason", sa.String(500), **text))
        users.add_column(sa.Column("address_given_at", sa.DateTime(timezone=True)))
        users.add_column(sa.Column("role_until", sa.DateTime(timezone=True)))
        users.add_column(sa.Column("role_notice_at", sa.DateTime(timezone=True)))
        users.add_column(sa.Column("former_role_id", sa.Integer()))
        users.add_column(sa.Column("search_text", sa.String(400), **text))
        users.add_column(sa.Column("name_key", sa.String(130), **text))
        users.add_column(sa.Column("address_key", sa.String(254), **text))
        users.create_foreign_key(
            "fk_users_former_role_id_roles", "roles", ["former_role_id"], ["id"]
        )
        users.drop_index("ix_users_member_since")
        users.drop_index("ix_users_role_id")
    with op.batch_alter_table("users", **ONCE) as users:
        users.alter_column("sign_up_reason", server_default=None)
        for name in ("search_text", "name_key", "address_key"):
            users.alter_column(name, server_default=None)
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("ways_back", **ANEW):
            pass
    for name, columns in INDEXES.items():
        op.create_index(name, "users", columns)
    for name, where in FEW.items():
        op.create_index(name, "users", ["id"], sqlite_where=where, postgresql_where=where)

    fill_what_finds()
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE_SEARCH:
            op.execute(statement)
    else:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute("CREATE INDEX ix_users_search ON users USING gin (search_text gin_trgm_ops)")


def fill_what_finds():
    """The text to search in, and what namesakes share; as the model does it from now on."""
    names = [sa.column(name) for name in ("id", "username", "email", "first_name", "last_name")]
    made = [sa.column(name) for name in ("search_text", "name_key", "address_key")]
    users = sa.table("users", *names, *made)
    connection = op.get_bind()
    for id, *parts in connection.execute(sa.select(*names)).all():
        text = "".join(f"  {part.casefold()}" for part in parts if part)[:400]
        values = {"search_text": text, "name_key": name_key(*parts[2:])}
        values["address_key"] = address_key(parts[1])
        connection.execute(users.update().where(users.c.id == id).values(**values))


def name_key(first_name, last_name):
    if not (first_name.strip() and last_name.strip()):
        return ""
    letters = unicodedata.normalize("NFKD", f"{first_name} {last_name}".casefold())
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(letters.split())[:130]


def address_key(email):
    local, _, domain = email.partition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def downgrade():
    if op.get_bind().dialect.name == "sqlite":
        for name in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER IF EXISTS users_search_{name}")  # gone with an old table
        op.drop_table("users_search")
    else:
        op.drop_index("ix_users_search", "users")
    for name in (*FEW, *INDEXES):
        op.drop_index(name, "users")
    with op.batch_alter_table("users") as users:
        users.drop_constraint("fk_users_former_role_id_roles", type_="foreignkey")
        for name in (
            "approval_asked_at",
            "sign_up_reason",
            "address_given_at",
            "role_until",
            "role_notice_at",
        ):
            users.drop_column(name)
        users.drop_column("former_role_id")
        for name in ("search_text", "name_key", "address_key"):
            users.drop_column(name)
    op.create_index("ix_users_member_since", "users", ["member_since"])
    op.create_index("ix_users_role_id", "users", ["role_id"])
    with op.batch_alter_table("roles") as roles:
        roles.drop_column("requestable")
