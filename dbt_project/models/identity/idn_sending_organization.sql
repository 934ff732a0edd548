with

    named as (
        select distinct source_type, source_code_type, source_code, source_name
        from {{ ref("stg_transfer_credit") }}
    ),

    -- six-digit OPEIDs are shared by campuses, so only those of one college resolve
    codes as (
        select 'UNITID' as code_type, unitid as code, institution_code
        from {{ ref("institution") }}
        where unitid is not null
        union all
        select 'OPEID8' as code_type, opeid8 as code, institution_code
        from {{ ref("institution") }}
        where opeid8 is not null
        union all
        select
            'OPEID6' as code_type,
            opeid6 as code,
            min(institution_code) as institution_code
        from {{ ref("institution") }}
        where opeid6 is not null
        group by opeid6
        having count(*) = 1
    ),

    resolved as (
        select
            named.*,
            codes.institution_code,
            coalesce(
                -- some systems repeat the type as the name
                nullif(named.source_name, named.source_type),
                case
                    when named.source_type = 'INSTITUTION'
                    then
                        'Institution '
                        || named.source_code_type
                        || ' '
                        || named.source_code
                    when named.source_type = 'AP'
                    then 'College Board Advanced Placement'
                    when named.source_type = 'CLEP'
                    then 'College-Level Examination Program'
                    when named.source_type = 'IB'
                    then 'International Baccalaureate'
                    when named.source_type = 'DSST'
                    then 'DSST examination'
                    when named.source_type = 'MILITARY'
                    then 'Military training'
                    when named.source_type = 'INDUSTRY_CERT'
                    then 'Industry certification'
                    when named.source_type = 'CHALLENGE_EXAM'
                    then 'Challenge examination'
                    when named.source_type = 'PLA_PORTFOLIO'
                    then 'Portfolio of prior learning'
                    else 'Other source'
                end
            ) as name,
        from named
        left join
            codes
            on named.source_code_type = codes.code_type
            and named.source_code = codes.code
    )

select
    source_type,
    source_code_type,
    source_code,
    source_name,
    institution_code,
    name,
    case
        when institution_code is not null
        then {{ organization_id("institution_code") }}
        else
            {{
                record_id(
                    "sending organization",
                    ["source_type", "source_code_type", "source_code", "name"],
                )
            }}
    end as organization_id,
from resolved
