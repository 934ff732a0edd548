"""Asset groups, named so that the UI lists them in the order of the night."""

LANDING = "night_1_landing"
IDENTITY = "night_2_identity"
PUBLISH = "night_7_publish"

# A dbt model belongs to the group of its folder.
DBT_FOLDERS = {
    "staging": "night_3_staging",
    "identity": IDENTITY,
    "clr": "night_4_clr",
    "mobility": "night_4_clr",
    "published": "night_5_published",
    "guarded": "night_5_published",
    "quality": "night_6_quality",
}
