"""As sent to comparable: names, dates, contact, addresses and identifiers, in SQL.

Belongs here: rules that need one row only. Does not belong here: what other rows say
(``evidence.sharing``) or how alike two rows are (``evidence.compare``).

The rules, all of them about what feeds are known to hold (guide, domain 1.6):

- Text is compared without case, accents, apostrophes and full stops; every other sign
  parts words. Names are joined again, so O'Neal, O Neal and ONeal, or Garcia-Lopez and
  Garcia Lopez, are equal; ``n_family_parts`` keeps the words of a double surname.
- A generation mark is taken off the end of a last, first or middle name ("Smith Jr",
  "SMITH,JR.") and kept in ``n_suffix``, where ``suffix`` does not say it.
- A person with one name has it in ``n_family`` and nothing in ``n_given``, whichever
  column it came in; FNU, LNU, NFN and the like stand for no name.
- ``n_birth`` is known only where the quality is FULL and the day is no placeholder;
  ``n_birth_month`` (YYYY-MM) also where the day alone is unknown.
- An e-mail is lower case without a tag (``+news``); a telephone is its last ten digits.
- An address is its first line, abbreviated as the Postal Service does (Publication 28),
  and the five-digit ZIP; without both it is not known.
- Identifiers that a spreadsheet has mangled (1.23E+08), that are one digit repeated or
  shorter than five signs are not known; leading zeros do not count: they get lost.
"""

from pipelines.identity.representation.columns import (
    HEAD,
    IDENTIFIERS,
    NORMALISED,
    SENT,
)

_NO_NAME = (
    "'fnu', 'lnu', 'nfn', 'nln', 'unk', 'unknown', 'none', 'noname', "
    "'nofirstname', 'nolastname', 'firstname', 'lastname'"
)
_PARTICLES = (
    "'de', 'la', 'del', 'las', 'los', 'van', 'von', 'der', 'den', 'dos', 'das', "
    "'san', 'bin', 'ibn', 'abu', 'mac', 'the'"
)
_PLACEHOLDER_DATES = "'1800-01-01', '1900-01-01', '1901-01-01', '9999-12-31'"
_MARK = "(jr|junior|sr|senior|ii|iii|iv|2nd|3rd|4th)"
_STREET_WORDS = {
    "street": "st", "str": "st", "avenue": "ave", "av": "ave", "road": "rd",
    "drive": "dr", "lane": "ln", "boulevard": "blvd", "circle": "cir", "court": "ct",
    "highway": "hwy", "place": "pl", "terrace": "ter", "trail": "trl",
    "parkway": "pkwy", "square": "sq", "county": "co", "north": "n", "south": "s",
    "east": "e", "west": "w", "northeast": "ne", "northwest": "nw", "southeast": "se",
    "southwest": "sw", "apartment": "apt", "suite": "ste", "saint": "st",
    "mount": "mt", "first": "1st", "second": "2nd", "third": "3rd",
}  # fmt: skip

MACROS = (
    # Joins on numbers: two texts a row cost a night of 1.5 million half its time.
    """create or replace temp macro number_of(text) as
        (md5_number_lower(text) >> 1)::bigint""",
    """create or replace temp macro student_no_of(institution_code, student_id) as
        number_of(institution_code || chr(31) || student_id)""",
    r"""create or replace temp macro _fold(text) as
        strip_accents(translate(lower(text), 'øłđðıß', 'olddis'))""",
    r"""create or replace temp macro _words(text) as
        trim(regexp_replace(
            regexp_replace(_fold(text), '[''’‘`´.]', '', 'g'),
            '[^\p{L}0-9]+', ' ', 'g'
        ))""",
    f"""create or replace temp macro _unmarked(words) as
        regexp_replace(words, ' {_MARK}$', '')""",
    f"""create or replace temp macro _mark(words) as
        case regexp_extract(words, ' {_MARK}$', 1)
            when 'jr' then 'jr' when 'junior' then 'jr'
            when 'sr' then 'sr' when 'senior' then 'sr'
            when 'ii' then 'ii' when '2nd' then 'ii'
            when 'iii' then 'iii' when '3rd' then 'iii'
            when 'iv' then 'iv' when '4th' then 'iv'
        end""",
    f"""create or replace temp macro _name(words) as
        case
            when words = '' or replace(words, ' ', '') in ({_NO_NAME}) then null
            else replace(words, ' ', '')
        end""",
    f"""create or replace temp macro _parts(words) as
        list_filter(
            string_split(words, ' '),
            lambda word: length(word) >= 3 and word not in ({_PARTICLES})
        )""",
    r"""create or replace temp macro _digits(text) as
        regexp_replace(text, '[^0-9]', '', 'g')""",
    r"""create or replace temp macro _plausible(text) as
        case
            when starts_with(text, 'hmac-sha256:') then text
            else ltrim(regexp_replace(upper(text), '[^A-Z0-9:]', '', 'g'), '0')
        end""",
    """create or replace temp macro _identifier(text) as
        case when why_not_plausible(text) is null then _plausible(text) end""",
)

WHY_NOT_PLAUSIBLE = r"""create or replace temp macro why_not_plausible(text) as
    case
        when text is null then 'empty'
        when starts_with(text, 'hmac-sha256:') then null
        when regexp_matches(trim(text), '^[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+$')
            then 'A spreadsheet has rounded it.'
        when length(regexp_replace(text, '[^A-Za-z0-9]', '', 'g')) < 5
            then 'It is too short to tell people apart.'
        when length(ltrim(
            regexp_replace(text, '[^0-9]', '', 'g'),
            left(regexp_replace(text, '[^0-9]', '', 'g'), 1)
        )) = 0 then 'It is one digit repeated.'
    end"""


def statements() -> tuple[str, ...]:
    """The macros that ``normalised`` needs, to be run once on a connection."""
    return (WHY_NOT_PLAUSIBLE, *MACROS)


def _address(words: str) -> str:
    parts = f"string_split({words}, ' ')"
    pairs = ", ".join(f"'{long}': '{short}'" for long, short in _STREET_WORDS.items())
    return (
        f"array_to_string(list_transform({parts}, "
        f"lambda word: coalesce((MAP {{{pairs}}})[word], word)), ' ')"
    )


def normalised(source: str) -> str:
    """A SELECT of ``columns.COLUMNS`` but ``evidence_digest``, and of what came in.

    What many rows say is worked out once: 1.5 million people have some thousands of
    names, and several of them one address (18 s became 7 s).

    Args:
        source: A relation with ``columns.HEAD``, ``SENT`` and ``IDENTIFIERS``.
    """
    columns = ", ".join((*HEAD, *SENT, *IDENTIFIERS, *NORMALISED))
    return f"""
    with family as (
        select *,
            _name(_unmarked(_words)) as _family,
            _mark(_words) as _family_mark,
            _parts(_unmarked(_words)) as _family_parts
        from ({_once(source, "last_name", "_words(last_name)")})
    ),
    given as (
        select named._sent, _given, _given_mark,
            if(_given is null, null, list_sort(list_distinct(
                list_append(coalesce(nickname.roots, []), _given)
            ))) as _given_roots
        from (
            select *, _name(_unmarked(_words)) as _given, _mark(_words) as _given_mark
            from ({_once(source, "first_name", "_words(first_name)")})
        ) as named
        left join nickname on nickname.name = named._given
    ),
    middle as (
        select _sent, _name(_unmarked(_words)) as n_middle,
            _mark(_words) as _middle_mark
        from ({_once(source, "middle_name", "' ' || _words(middle_name)")})
    ),
    preferred as (
        select _sent, _name(_words) as n_preferred
        from (
            {_once(source, "preferred_first_name", "_words(preferred_first_name)")}
        )
    ),
    street as (
        {_once(source, "address_line1", _address("_words(address_line1)"))}
    ),
    worded as (
        select
            sent.*,
            family._family,
            family._family_parts,
            given._given,
            given._given_roots,
            middle.n_middle,
            preferred.n_preferred,
            coalesce(lower(suffix), _family_mark, _given_mark, _middle_mark)
                as n_suffix,
            street._words as _street,
            case
                when regexp_matches(trim(email_personal), '^[^@ ]+@[^@ ]+$')
                    then email_personal
                else email_identifier
            end as _email,
            _digits(phone) as _phone,
            _digits(postal_code) as _zip,
            case
                when birth_date::varchar not in ({_PLACEHOLDER_DATES})
                    then birth_date::varchar
            end as _birth
        from {source} as sent
        left join family on family._sent = sent.last_name
        left join given on given._sent = sent.first_name
        left join middle on middle._sent = sent.middle_name
        left join preferred on preferred._sent = sent.preferred_first_name
        left join street on street._sent = sent.address_line1
    ),
    filled as (
        select
            *,
            if(_family is null, null, _given) as n_given,
            if(_family is null, null, _given_roots) as n_given_roots,
            coalesce(_family, _given) as n_family,
            -- One word of a name that is the whole name says nothing more.
            if(len(_family_parts) < 2, [coalesce(_family, _given)], _family_parts)
                as n_family_parts,
            if(birth_date_quality = 'FULL', _birth, null) as n_birth,
            if(birth_date_quality in ('FULL', 'YEAR_MONTH'), left(_birth, 7), null)
                as n_birth_month,
            nullif(
                regexp_replace(lower(trim(_email)), '[+][^@]*@', '@'), ''
            ) as n_email,
            case
                when length(_phone) >= 10
                    and length(ltrim(right(_phone, 7), right(_phone, 1))) > 0
                    then right(_phone, 10)
            end as n_phone,
            if(length(_zip) >= 5, left(_zip, 5), null) as n_zip,
            nullif(ltrim(upper(trim(high_school_code)), '0'), '') as n_school,
            _identifier(coalesce(ssn, itin)) as n_ssn,
            nullif(upper(sex), 'U') as n_sex,
            _identifier(state_ps_id) as n_state_ps_id,
            _identifier(state_k12_id) as n_state_k12_id
        from worded
    ),
    whole as (
        select
            *,
            datediff('day', date '1900-01-01', n_birth::date)::integer
                as n_birth_day_no,
            if(n_zip is null, null, _street || '|' || n_zip) as n_address
        from filled
    )
    select {columns} from whole
    """


def _once(source: str, column: str, words: str) -> str:
    """(``_sent``, ``_words``) of every different value of a column."""
    return (
        f"select {column} as _sent, {words} as _words "
        f"from (select distinct {column} from {source} where {column} is not null)"
    )
