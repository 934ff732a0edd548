"""YAML as libyaml reads it.

Belongs here: that one choice. Does not belong here: which files there are.
"""

from typing import Any

import yaml


def read_yaml(text: str) -> Any:
    """What a YAML document says.

    ``yaml.safe_load`` is Python only: the contracts take it 2 s, and every command
    reads them; libyaml takes a tenth.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    return yaml.load(text, Loader=yaml.CSafeLoader)
