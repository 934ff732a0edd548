select institution_code, 'experience_' || category_gap as finding, count(*) as found,
from {{ ref("clr_fact_experience") }}
where category_gap is not null
group by institution_code, finding
