with

    institutions as (select * from {{ ref("institution") }}),

    own as (
        select
            {{ organization_id("institution_code") }} as organization_id,
            kind,
            institution_code,
            system_code,
            name,
            case
                when kind = 'system'
                then did
                else 'urn:uuid:' || {{ organization_id("institution_code") }}
            end as uri,
            url,
            case
                when kind = 'college'
                then {{ organization_id("'SYSTEM:' || system_code") }}
            end as parent_organization_id,
            unitid,
            opeid8,
            city,
            state,
            timezone,
            status,
            valid_from,
            valid_to,
            successor_code,
        from institutions
    ),

    senders as (
        select organization_id, name
        from {{ ref("idn_sending_organization") }}
        where institution_code is null
        group by all
    ),

    issuers as (
        select {{ named_organization_id("name") }} as organization_id, name
        from
            (
                select issuer_name as name
                from {{ ref("stg_badge") }}
                union
                select industry_issuer as name
                from {{ ref("stg_noncredit_completion") }}
            )
        where name is not null and name not in (select name from institutions)
    ),

    outside as (
        select *
        from senders
        union all
        select *
        from issuers
    )

select *
from own
union all by name
select
    organization_id,
    'external' as kind,
    name,
    'urn:uuid:' || organization_id as uri,
    'external' as status,
from outside
