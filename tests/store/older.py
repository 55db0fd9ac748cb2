"""A store as an older version of the bot left it: what each migration since then did is undone."""

UNDO = {
    "028_imports.sql": ("DROP TABLE imports", "DROP TABLE imported"),
    "024_search.sql": ("DROP TABLE searchable", "ALTER TABLE conversations DROP COLUMN searched_to"),
    "026_votes.sql": ("DROP TABLE votes",),
    "029_photo_words.sql": ("ALTER TABLE photos DROP COLUMN words",),
    "027_alt_text.sql": ("DROP TABLE without_alt_text",),
    "017_steps.sql": ("DROP TABLE steps",),
    "019_refusals.sql": (
        "ALTER TABLE photos ADD COLUMN spoiled BOOLEAN NOT NULL DEFAULT FALSE",
        "ALTER TABLE photos DROP COLUMN refused_by",
    ),
    "016_places.sql": ("ALTER TABLE turns DROP COLUMN places",),
    "015_pointers.sql": (
        "DROP TABLE pointers",
        "ALTER TABLE photos DROP COLUMN is_spoiler",
        "ALTER TABLE photos DROP COLUMN shown",
    ),
    "014_fields.sql": (
        "ALTER TABLE turns DROP COLUMN transcript",
        "ALTER TABLE turns DROP COLUMN result",
        "ALTER TABLE versions DROP COLUMN result",
    ),
    "012_poison.sql": (
        "DROP INDEX turns_suspect",
        "DROP INDEX turns_put_aside",
        *(
            f"ALTER TABLE turns DROP COLUMN {name}"
            for name in ("stalls", "stalled_in", "crashes", "suspect", "progress")
        ),
    ),
    "011_sessions.sql": ("DROP TABLE sessions",),
    "010_admins.sql": ("ALTER TABLE access DROP COLUMN is_admin",),
    "009_limits.sql": (
        "DROP TABLE reservations",
        "DROP INDEX spending_of_model",
        "DROP INDEX turns_of_author",
        "DROP INDEX turns_held",
        "CREATE INDEX turns_held ON turns (holder) WHERE finished IS NULL",
        "ALTER TABLE turns DROP COLUMN author",
    ),
    "007_fleet.sql": (
        "DROP TABLE processes",
        "DROP TABLE gates",
        "DROP TABLE carried",
        "ALTER TABLE turns DROP COLUMN stopping",
    ),
}


def undo(since: str) -> list[str]:
    """The statements, for either database, that take back the migrations from this one on."""
    names = sorted((name for name in UNDO if name >= since), reverse=True)
    return [
        *(statement for name in names for statement in UNDO[name]),
        f"DELETE FROM migrations WHERE name >= '{since}'",
    ]
