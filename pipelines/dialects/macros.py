"""The SQL that every dialect may use: dates, numbers, lists, settings, codes.

Belongs here: what makes a DuckDB connection the place where a feed's SELECT runs. Does
not belong here: anything about one product, which the dialect's ``macros.sql`` holds.
"""

from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.contracts.sql import register_codes
from pipelines.dialects.model import view_name
from pipelines.dialects.source import Context, DialectError, told

# A value that is no date, number or code stays as it is, so that the edit of the column
# names what the college sent. Two digits of a year are read as Oracle's RR reads them
# (00 to 49 are this century's, 50 to 99 the last one's, until 2049), and a birth is
# never after the package: 45 is 2045 in a due date and 1945 in a birth.
SHARED = r"""
create or replace macro iso_date(value, formats) as coalesce(
    strftime(try_strptime(value, formats), '%Y-%m-%d'), value
);
create or replace macro latest_year(digits, last) as
    year(last) - (year(last) - cast(digits as integer)) % 100;
create or replace macro in_year(day_and_month, number) as
    try_strptime(day_and_month || '-' || number, '%d-%b-%Y');
create or replace macro in_century(value, last) as
    case
        when in_year(value[:-4], latest_year(value[-2:], last)) <= last
            then in_year(value[:-4], latest_year(value[-2:], last))
        else in_year(value[:-4], latest_year(value[-2:], last) - 100)
    end;
-- A DATE has a time of day that some extracts print, a TIMESTAMP with points.
create or replace macro without_time(value) as regexp_replace(
    value, ' \d{1,2}[:.]\d{2}([:.]\d{2}([.]\d{1,9})?)?( [AaPp][Mm])?$', ''
);
create or replace macro day_read(day, last) as
    case
        when regexp_full_match(day, '\d{1,2}-[A-Za-z]{3}-\d{2}')
            then in_century(day, last)
        when regexp_full_match(day, '\d{1,2}-[A-Za-z]{3}-\d{4}')
            then try_strptime(day, '%d-%b-%Y')
    end;
create or replace macro oracle_day(value, last) as coalesce(
    strftime(day_read(without_time(value), last), '%Y-%m-%d'), value
);
create or replace macro last_of_rr(today) as
    make_date((year(today) + 50) // 100 * 100 + 49, 12, 31);
create or replace macro oracle_date(value) as
    oracle_day(value, last_of_rr(cast(getvariable('as_of') as date)));
create or replace macro oracle_birth(value) as
    oracle_day(value, cast(getvariable('as_of') as date));
create or replace macro plain_number(value) as
    case
        when regexp_full_match(value, '[+-]?\.\d+')
            then regexp_replace(value, '\.', '0.')
        else value
    end;
create or replace macro unidata_date(value) as
    case
        when regexp_full_match(value, '-?\d{1,5}')
            then strftime(
                date '1967-12-31' + cast(value as integer), '%Y-%m-%d'
            )
        else value
    end;
create or replace macro multi(value) as
    list_transform(
        string_split_regex(value, '[\x{FD};]'), lambda part: nullif(trim(part), '')
    );
create or replace macro yes_no(value) as
    case
        when upper(value) in ('Y', 'YES', '1') then 'Y'
        when value is null or upper(value) in ('N', 'NO', '0') then 'N'
        else value
    end;
-- Spreadsheets drop the point, and the zero before it: 010101 becomes 10101.
create or replace macro cip_of(value) as
    case
        when regexp_full_match(value, '\d{1,2}\.?\d{4}')
            then lpad(split_part(value[:-5], '.', 1), 2, '0') || '.' || right(value, 4)
        else value
    end;
-- 9 digits are an SSN, an ITIN or, at a college of ACCS, a stand-in of its own; 4 are
-- an SSN's end. Anything else that stands in its place names nobody elsewhere.
create or replace macro ssn_type(digits) as
    case
        when regexp_full_match(digits, '\d{4}') then 'SSN_LAST4'
        when getvariable('system') = 'ACCS' and regexp_full_match(digits, '99\d{7}')
            then 'PSEUDO_SSN'
        when regexp_full_match(
            digits, '9\d{2}(5\d|6[0-5]|7\d|8[0-8]|9[0-2]|9[4-9])\d{4}'
        )
            then 'ITIN'
        when regexp_full_match(digits, '\d{9}') then 'SSN'
        else 'OTHER'
    end;
"""


def prepare(con: duckdb.DuckDBPyConnection, context: Context) -> None:
    """Make macros, variables, settings and code lists known to a connection.

    Variables: ``institution_code``, ``system``, ``as_of`` (DATE), the college's
    ``unitid``, ``opeid8`` and ``opeid6``, and every scalar setting. Tables:
    ``code_<list>``, ``known_email`` with ``email``, and, of every setting that is a
    list or a map, ``setting_<name>`` with ``code`` and, of a map, ``value`` or a
    column a key.

    Raises:
        DialectError: The dialect's own macros are not valid SQL.
    """
    con.execute(SHARED)
    register_codes(con, context.contracts)
    con.execute("set variable institution_code = ?", [context.sender.sender])
    con.execute("set variable system = ?", [context.sender.system])
    con.execute("set variable as_of = cast(? as date)", [context.as_of])
    for name in ("unitid", "opeid8", "opeid6"):
        value = getattr(context.sender, name, None)
        con.execute(f"set variable {name} = ?", [value])
    con.register("known_email", pa.table({"email": _texts(list(context.emails))}))
    for name, value in settings_of(context).items():
        if isinstance(value, Mapping | list):
            con.register(f"setting_{name}", _setting_table(name, value))
        else:
            con.execute(f"set variable {view_name(name)} = ?", [value])
    if context.dialect.macros:
        try:
            con.execute(context.dialect.macros)
        except duckdb.Error as error:
            where = f"{context.dialect.name}/macros.sql"
            raise DialectError(f"{where}: {told(error)}") from None


def settings_of(context: Context) -> dict[str, Any]:
    """The dialect's settings, overridden key by key by the college's profile."""
    own = getattr(context.sender, "dialect_settings", {}).get(context.dialect.name, {})
    return {**context.dialect.settings, **own}


def _setting_table(name: str, value: Mapping[Any, Any] | list[Any]) -> pa.Table:
    if isinstance(value, list) and not any(isinstance(x, Mapping) for x in value):
        return pa.table({"code": _texts(value)})
    if isinstance(value, Mapping):
        rows = [
            {"code": code, **({"value": one} if not isinstance(one, Mapping) else one)}
            for code, one in value.items()
        ]
    else:
        rows = [dict(one) for one in value]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if not columns:
        columns = ["code", "value"]
    if any(not str(column).isidentifier() for column in columns):
        raise DialectError(f"setting {name}: a column is no name")
    return pa.table({c: _texts([row.get(c) for row in rows]) for c in columns})


def _texts(values: list[Any]) -> pa.Array:
    texts = [None if value is None else _text(value) for value in values]
    return pa.array(texts, pa.string())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "Y" if value else "N"
    return str(value)
