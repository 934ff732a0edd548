with

    -- X07: one badge of a platform under two learners, at one college or at two
    shared_badges as (
        select platform, badge_assertion_id
        from {{ ref("idn_badge_recipient") }}
        where learner_id is not null
        group by platform, badge_assertion_id
        having count(distinct learner_id) > 1
    ),

    shared_ids as (
        select assertion_id
        from {{ ref("clr_assertion") }}
        where learner_id is not null
        group by assertion_id
        having count(distinct learner_id) > 1
    )

select institution_code, 'badge_of_two_learners' as finding, count(*) as found,
from {{ ref("idn_badge_recipient") }}
inner join shared_badges using (platform, badge_assertion_id)
group by institution_code
union all
select institution_code, 'credential_id_of_two_learners' as finding, count(*) as found,
from {{ ref("clr_assertion") }}
inner join shared_ids using (assertion_id)
group by institution_code
