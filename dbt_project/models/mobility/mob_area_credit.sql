select
    learner_id,
    institution_code,
    counts_in,
    area_code,
    {% for origin in ["earned", "accepted", "in_progress"] %}
        cast(
            coalesce(sum(credit) filter (where origin = '{{ origin }}'), 0) as decimal(
                9, 3
            )
        ) as {{ origin }}_credit,
    {% endfor %}
    count(*) filter (where origin <> 'in_progress') as courses,
    count(*) filter (where origin = 'in_progress') as courses_in_progress,
from {{ ref("mob_held_credit") }}
group by learner_id, institution_code, counts_in, area_code
