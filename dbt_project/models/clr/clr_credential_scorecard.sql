select
    quality.institution_code,
    quality.kind,
    expected.rule,
    count(*) as credentials,
    count(*) filter (where not expected.rule = any(quality.missing)) as met,
    cast(avg(quality.score) as decimal(4, 1)) as mean_score,
from {{ ref("clr_credential_quality") }} as quality
inner join
    {{ ref("clr_credential_quality_rule") }} as expected
    on quality.kind = any(expected.kinds)
group by quality.institution_code, quality.kind, expected.rule
