select institution_code, student_id, reason from {{ source("identity", "held") }}
