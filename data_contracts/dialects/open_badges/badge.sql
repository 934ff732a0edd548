-- A hashed address is resolved among the addresses the college sent with its persons;
-- one that fits none stays unknown, and the row goes to quarantine.
with resolved as (
    select
        credential._file,
        credential._line,
        credential.assertion_id,
        min(known_email.email) as email
    from credential
    inner join known_email
        on credential.recipient_hash = case
            when credential.recipient_hash like 'md5$%'
                then 'md5$' || md5(known_email.email || credential.recipient_salt)
            else 'sha256$' || sha256(known_email.email || credential.recipient_salt)
        end
    where credential.recipient_email is null
    group by all
    having count(distinct lower(known_email.email)) = 1
)

select
    coalesce(platform, getvariable('platform')) as platform,
    credential.assertion_id as badge_assertion_id,
    coalesce(recipient_email, resolved.email) as recipient_email,
    student_id,
    recipient_name,
    class_id as badge_class_id,
    badge_name,
    issuer_name,
    issued_on,
    expires_on,
    coalesce(
        status,
        case
            when try_cast(expires_on as date) < getvariable('as_of') then 'EXPIRED'
            else 'ISSUED'
        end
    ) as status,
    evidence_url,
    assertion_url,
    skills,
    format as ob_version,
    updated_at as record_updated_at,
    credential._file,
    credential._line
from credential
left join resolved
    on credential._file = resolved._file
    and credential._line = resolved._line
    and credential.assertion_id is not distinct from resolved.assertion_id
