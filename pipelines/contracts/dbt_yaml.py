"""How a generated dbt file is written down.

Belongs here: the layout of the YAML. Does not belong here: what is in it.
"""

from typing import Any

import yaml


class _Indented(yaml.SafeDumper):
    """Indents the items of a list below their key, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        del indentless
        super().increase_indent(flow, indentless=False)


def dbt_yaml(mark: str, content: dict[str, Any]) -> str:
    """The YAML text of ``content`` below a first line that says it is generated."""
    text = yaml.dump(
        content, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=88
    )
    return f"# {mark}\n{text}"
