{#
    What: a college's credits, grades, awards and the rest in the rows in force equal those in the
    facts, and those in the credentials.
    When it matters: always; a difference is a record lost or doubled on the way, and nothing is
    published.
    How to resolve: `select * from clr.conservation where staged <> facts` names the college and
    the measure; look for a join that is not one to one.
#}
select institution_code, measure, staged, facts, assertions
from {{ ref("clr_conservation") }}
where staged <> facts or facts <> assertions
