select
    learner_id,
    category,
    count(*) as experiences,
    count("hours") as experiences_with_hours,
    cast(sum("hours") as decimal(18, 2)) as "hours",
from {{ ref("clr_fact_experience") }}
where learner_id is not null
group by learner_id, category
