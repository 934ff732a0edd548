-- A wallet is noted beside the student id the platform gives, and nowhere else: it
-- names a wallet, and by itself never a person.
select
    student_id,
    'WALLET_DID' as id_type,
    recipient_did as id_value,
    platform as issuer,
    'Y' as is_current,
    min_by(_file, (_file, _line)) as _file,
    min_by(_line, (_file, _line)) as _line
from credential
where student_id is not null and recipient_did is not null and length(recipient_did) <= 80
group by all
