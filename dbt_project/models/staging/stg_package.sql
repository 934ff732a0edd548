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

    -- what a late package was put before has been landed again, by a later wave
    superseded as (
        select institution_code, package_id, supersedes_wave_id as wave_id
        from {{ source("ledger", "package") }}
        where verdict = 'replayed'
    ),

    counted as (
        select applied.*
        from applied
        left join superseded using (institution_code, package_id, wave_id)
        where superseded.wave_id is null
    ),

    -- a package without its disclosure file stops publication at the one before it
    last_publishable as (
        select institution_code, max(package_seq) as package_seq
        from counted
        where publishable
        group by institution_code
    )

select counted.*
from counted
inner join last_publishable using (institution_code)
where counted.package_seq <= last_publishable.package_seq
