select institution_code, 'assertion_without_achievement' as finding, count(*) as found,
from {{ ref("clr_assertion") }}
anti join {{ ref("clr_achievement") }} using (achievement_id)
group by institution_code
