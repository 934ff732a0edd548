with

    applied as (
        select
            institution_code,
            package_id,
            wave_id,
            package_seq,
            as_of,
            delivery,
            publishable,
            contract_version,
        from {{ source("ledger", "package") }}
        where verdict in ('accepted', 'accepted_with_quarantine')
    ),

    -- a package without its disclosure file stops publication at the one before it
    last_publishable as (
        select institution_code, max(package_seq) as package_seq
        from applied
        where publishable
        group by institution_code
    )

select applied.*
from applied
inner join last_publishable using (institution_code)
where applied.package_seq <= last_publishable.package_seq
