"""How the trace of a credential looks in a terminal.

Belongs here: sentences and their order, from the claim back to the line and on to the
records. Does not belong here: what is the case (``pipelines.explain``).
"""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

_SHOWN_RECORDS = 10


def print_trace(out: Console, told: Mapping[str, Any]) -> None:
    """All that ``explain`` says: what is claimed, whence, by which models, where."""
    claim, line, package = told["credential"], told["line"], told["package"]
    achievement = told["achievement"] or {}
    _say(out, f"{claim['kind']}  {claim['status']}{_why(claim)}")
    _say(out, f"  {_named(achievement)}")
    for name in ("credits_earned", "awarded_on", "valid_until", "learner_id"):
        if claim[name] is not None:
            unit = f" {claim['credit_unit'] or ''}" if name == "credits_earned" else ""
            _say(out, f"  {name.replace('_', ' ')}  {claim[name]}{unit}")
    for result in told["results"]:
        _say(out, f"  {result['kind']}  {result['value'] or result['status']}")
    for one in told["alignments"]:
        _say(out, f"  aligned with  {one['target_framework']}: {one['target_name']}")

    _quality(out, told["quality"])

    _heading(out, "Where it comes from")
    _say(
        out,
        f"  {line['institution_code']}  {line['file']}, line {line['line']}  "
        f"({line['feed']}, contract {line['contract_version']})",
    )
    _say(out, f"      {_values(line['values'])}")
    if package:
        _say(
            out,
            f"  package {package['package_id']}, delivered {package['delivery']}, as "
            f"of {_minute(package['as_of'])}: {package['verdict'].replace('_', ' ')}",
        )

    _heading(out, f"What it passed (build of {_minute(told['built_at'])})")
    for model in told["models"]:
        _say(out, f"  {model['model']:<28} {model['sha256'][:12]}  {model['file']}")

    if len(told["versions"]) > 1:
        _heading(out, "What the college said of it, newest first")
        for number, version in enumerate(told["versions"]):
            earlier = told["versions"][number + 1 :]
            _say(
                out,
                f"  {_minute(version['as_of'])}  {version['file']}, line "
                f"{version['line']}{_gone(version)}",
            )
            if earlier:
                _say(out, f"      {_changed(version, earlier[0])}")

    _heading(out, "Records that hold it")
    _records(out, told["records"])


def _quality(out: Console, quality: Mapping[str, Any] | None) -> None:
    if quality is None:
        return
    _say(
        out,
        f"  quality  {quality['score']} of 100 ({quality['points']} of "
        f"{quality['points_possible']} points)",
    )
    for rule in quality["missing"]:
        _say(out, f"      lacks {rule['rule']} ({rule['points']}): {rule['remedy']}")


def _records(out: Console, records: list[Mapping[str, Any]]) -> None:
    shown = [record for record in records if record["clr_id"]]
    if not shown:
        _say(out, "  none")
    for record in shown[:_SHOWN_RECORDS]:
        _say(
            out,
            f"  snapshot {record['seq']}  {record['clr_id']}  of learner "
            f"{record['learner_id']}, valid from {_minute(record['valid_from'])}",
        )
    if len(shown) > _SHOWN_RECORDS:
        _say(out, f"  and {len(shown) - _SHOWN_RECORDS} older snapshots")


def _why(claim: Mapping[str, Any]) -> str:
    return f" ({claim['status_reason']})" if claim["status_reason"] else ""


def _named(achievement: Mapping[str, Any]) -> str:
    code = achievement.get("human_code")
    return f"{achievement.get('name')}{f' ({code})' if code else ''}"


def _gone(version: Mapping[str, Any]) -> str:
    return {"D": ": taken back", "C": ": closed"}.get(version["op"], "")


def _changed(version: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    new, old = version["values"], before["values"]
    return (
        "; ".join(
            f"{name.replace('_', ' ')} {old.get(name, 'nothing')} → "
            f"{new.get(name, 'nothing')}"
            for name in dict.fromkeys([*old, *new])
            if new.get(name) != old.get(name)
        )
        or "nothing that may be shown"
    )


def _values(values: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}={value}" for name, value in values.items()) or "(none)"


def _minute(moment: Any) -> str:
    return str(moment).replace("T", " ")[:16]


def _heading(out: Console, text: str) -> None:
    out.print(f"\n{text}", style="bold", markup=False, highlight=False)


def _say(out: Console, text: str) -> None:
    out.print(text, markup=False, highlight=False)
