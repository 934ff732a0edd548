select
    program.program_id,
    soc.code as soc_code,
    soc.title as soc_title,
    '2018' as soc_version,
    'NCES and BLS: CIP 2020 to SOC 2018 crosswalk' as source,
from {{ ref("clr_program") }} as program
inner join {{ ref("cip_soc") }} as pair on program.cip_code = pair.cip_code
inner join {{ ref("soc") }} as soc on pair.soc_code = soc.code
-- a CIP 2010 code may look the same and mean another programme
where coalesce(program.cip_version, 2020) = 2020
