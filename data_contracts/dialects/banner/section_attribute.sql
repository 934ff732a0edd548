-- Hand-maintained. A section has its own attributes and those of its course. Attribute codes are
-- the college's own; its profile says which are practices.
with every_one as (
    select
        ssrattr_term_code as term_code,
        ssrattr_crn as crn,
        ssrattr_attr_code as attr_code,
        ssrattr_milestone as milestone,
        _line,
        _file,
    from ssrattr

    union all by name

    select * from inherited_attribute
)

select
    e.term_code,
    e.crn as section_id,
    e.attr_code as attribute_code,
    meant.framework,
    meant.hip_code,
    e.milestone,
    e._line,
    e._file,
from every_one as e
join setting_attributes as meant on e.attr_code = meant.code
