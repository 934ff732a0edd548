with

    -- few ways of missing something, many credentials that miss it
    alike as (
        select
            institution_code,
            kind,
            missing,
            count(*) as credentials,
            sum(score) as score,
        from {{ ref("clr_credential_quality") }}
        group by institution_code, kind, missing
    )

select
    alike.institution_code,
    alike.kind,
    expected.rule,
    cast(sum(alike.credentials) as bigint) as credentials,
    cast(
        coalesce(
            sum(alike.credentials) filter (
                where not expected.rule = any(alike.missing)
            ),
            0
        ) as bigint
    ) as met,
    cast(sum(alike.score) / sum(alike.credentials) as decimal(4, 1)) as mean_score,
from alike
inner join
    {{ ref("clr_credential_quality_rule") }} as expected
    on alike.kind = any(expected.kinds)
group by alike.institution_code, alike.kind, expected.rule
