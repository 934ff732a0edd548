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
    r"""create or replace temp macro _identifier(text) as
        case
            when starts_with(text, 'hmac-sha256:') then text
            when why_not_plausible(text) is null
                then ltrim(regexp_replace(upper(text), '[^A-Z0-9:]', '', 'g'), '0')
        end""",
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


def _address() -> str:
    words = "string_split(_words(address_line1), ' ')"
    pairs = ", ".join(f"'{long}': '{short}'" for long, short in _STREET_WORDS.items())
    return (
        f"list_transform({words}, lambda word: coalesce((MAP {{{pairs}}})[word], word))"
    )


def normalised(source: str) -> str:
    """A SELECT of ``columns.COLUMNS`` but ``evidence_digest``, and of what came in.

    Args:
        source: A relation with ``columns.HEAD``, ``SENT`` and ``IDENTIFIERS``.
    """
    head = ", ".join((*HEAD, *SENT, *IDENTIFIERS))
    columns = ", ".join((*HEAD, *SENT, *IDENTIFIERS, *NORMALISED))
    parts = "_parts(_unmarked(_family_words))"
    return f"""
    with family as (
        select last_name as _sent, any_value(_words(last_name)) as _family_words
        from {source} group by all
    ),
    given as (
        select first_name as _sent, any_value(_words(first_name)) as _given_words
        from {source} group by all
    ),
    worded as (
        select
            {head},
            family._family_words,
            given._given_words,
            _words(middle_name) as _middle_words,
            case
                when regexp_matches(trim(email_personal), '^[^@ ]+@[^@ ]+$')
                    then email_personal
                else email_identifier
            end as _email,
            _digits(phone) as _phone,
            _digits(postal_code) as _zip
        from {source} as sent
        left join family on family._sent = sent.last_name
        left join given on given._sent = sent.first_name
    ),
    named as (
        select
            *,
            _name(_unmarked(_family_words)) as _family,
            _name(_unmarked(_given_words)) as _given,
            _name(_unmarked(' ' || _middle_words)) as n_middle,
            coalesce(
                lower(suffix), _mark(_family_words), _mark(_given_words),
                _mark(' ' || _middle_words)
            ) as n_suffix
        from worded
    ),
    filled as (
        select
            *,
            if(_family is null, null, _given) as n_given,
            coalesce(_family, _given) as n_family,
            -- One word of a name that is the whole name says nothing more.
            if(len({parts}) < 2, [coalesce(_family, _given)], {parts})
                as n_family_parts,
            _name(_words(preferred_first_name)) as n_preferred,
            case
                when birth_date_quality = 'FULL'
                    and birth_date::varchar not in ({_PLACEHOLDER_DATES})
                    then birth_date::varchar
            end as n_birth,
            case
                when birth_date_quality in ('FULL', 'YEAR_MONTH')
                    and birth_date::varchar not in ({_PLACEHOLDER_DATES})
                    then left(birth_date::varchar, 7)
            end as n_birth_month,
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
        from named
    ),
    whole as (
        select
            filled.*,
            datediff('day', date '1900-01-01', n_birth::date)::integer
                as n_birth_day_no,
            if(
                address_line1 is null or n_zip is null,
                null,
                array_to_string({_address()}, ' ') || '|' || n_zip
            ) as n_address,
            if(
                n_given is null,
                null,
                list_sort(list_distinct(
                    list_append(coalesce(nickname.roots, []), n_given)
                ))
            ) as n_given_roots
        from filled
        left join nickname on nickname.name = filled.n_given
    )
    select {columns} from whole
    """
