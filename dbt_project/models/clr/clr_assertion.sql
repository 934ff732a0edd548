{%- set origin -%}
    learner_id,
    institution_code,
    source_record_key,
    recorded_at,
    package_id,
    file_sha256,
    file_name,
    line,
    contract_version,
{%- endset %}

with

    courses as (
        select
            source_record_key as assertion_id,
            'course' as kind,
            case
                when status = 'not_recorded' then 'unclaimed' else 'active'
            end as status,
            case
                when status = 'not_recorded' then registration_status
            end as status_reason,
            achievement_id,
            term_id,
            start_date,
            end_date,
            case when status <> 'in_progress' then grade_posted_on end as awarded_on,
            cast(coalesce(earned_credit, 0) as decimal(7, 3)) as credits_earned,
            credit_unit,
            'course_result' as source_feed,
            {{ origin }}
        from {{ ref("clr_fact_section_enrolment") }}
    ),

    transfers as (
        select
            source_record_key as assertion_id,
            'transfer' as kind,
            case
                when decision = 'ACCEPTED' then 'active' else 'unclaimed'
            end as status,
            nullif(decision, 'ACCEPTED') as status_reason,
            achievement_id,
            source_organization_id,
            term_id,
            evaluated_on as awarded_on,
            accepted_credit as credits_earned,
            credit_unit,
            'transfer_credit' as source_feed,
            {{ origin }}
        from {{ ref("clr_fact_transfer_credit") }}
    ),

    awards as (
        select
            source_record_key as assertion_id,
            'award' as kind,
            case when status = 'REVOKED' then 'revoked' else 'active' end as status,
            case when status = 'REVOKED' then status end as status_reason,
            achievement_id,
            term_id,
            awarded_on,
            'Honors: ' || honors as narrative,
            'credential_award' as source_feed,
            {{ origin }}
        from {{ ref("clr_fact_award") }}
    ),

    completions as (
        select
            source_record_key as assertion_id,
            'noncredit' as kind,
            case
                when outcome = 'COMPLETED' then 'active' else 'unclaimed'
            end as status,
            nullif(outcome, 'COMPLETED') as status_reason,
            achievement_id,
            enrolled_on as start_date,
            completed_on as end_date,
            completed_on as awarded_on,
            'noncredit_completion' as source_feed,
            {{ origin }}
        from {{ ref("clr_fact_noncredit") }}
    ),

    certifications as (
        select
            {{ record_id("certification", ["source_record_key"]) }} as assertion_id,
            'certification' as kind,
            'active' as status,
            certification_achievement_id as achievement_id,
            industry_credential_earned_on as awarded_on,
            'noncredit_completion' as source_feed,
            {{ origin }}
        from {{ ref("clr_fact_noncredit") }}
        where certification_achievement_id is not null
    ),

    experiences as (
        select
            source_record_key as assertion_id,
            case
                when origin = 'experience' then 'experience' else 'practice'
            end as kind,
            'active' as status,
            achievement_id,
            term_id,
            start_date,
            end_date,
            end_date as awarded_on,
            'Verified by: ' || lower(replace(verification, '_', '-')) as narrative,
            case
                when origin = 'experience' then 'experience' else 'course_result'
            end as source_feed,
            {{ origin }}
        from {{ ref("clr_fact_experience") }}
    ),

    skills as (
        select
            source_record_key as assertion_id,
            'skill' as kind,
            'active' as status,
            achievement_id,
            asserted_on as awarded_on,
            'Asserted by: '
            || lower(replace(asserted_by, '_', '-'))
            || '; basis: '
            || lower(basis_type) as narrative,
            'skill_assertion' as source_feed,
            {{ origin }}
        from {{ ref("clr_fact_skill") }}
    ),

    badges as (
        select
            source_record_key as assertion_id,
            'badge' as kind,
            case
                when status in ('ISSUED', 'ACCEPTED')
                then 'active'
                when status = 'REVOKED'
                then 'revoked'
                when status = 'EXPIRED'
                then 'expired'
                else 'unclaimed'
            end as status,
            case
                when status not in ('ISSUED', 'ACCEPTED') then status
            end as status_reason,
            achievement_id,
            issued_on as awarded_on,
            expires_on as valid_until,
            'badge' as source_feed,
            {{ origin }}
        from {{ ref("clr_fact_badge") }}
    ),

    standings as (
        select
            {{ record_id("standing", ["source_record_key"]) }} as assertion_id,
            'standing' as kind,
            'active' as status,
            achievement_id,
            term_id,
            'Academic standing: ' || academic_standing as narrative,
            'term_enrollment' as source_feed,
            {{ origin }}
        from {{ ref("clr_fact_term_enrolment") }}
        where is_latest
    ),

    claims as (
        {% for step in [
            "courses",
            "transfers",
            "awards",
            "completions",
            "certifications",
            "experiences",
            "skills",
            "badges",
            "standings",
        ] %}
            select * from {{ step }} {{ "union all by name" if not loop.last }}
        {% endfor %}
    ),

    as_of as (
        select cast(max(as_of) at time zone 'UTC' as date) as today
        from {{ ref("stg_package") }}
    ),

    colleges as (
        select institution_code, organization_id, parent_organization_id
        from {{ ref("clr_organization") }}
        where kind = 'college'
    )

select
    claims.assertion_id,
    claims.kind,
    case
        when claims.learner_id is null
        then 'unlinked'
        when claims.status <> 'active'
        then claims.status
        when claims.valid_until < as_of.today
        then 'expired'
        when withheld.reasons is not null
        then 'held'
        else 'active'
    end as status,
    case
        when claims.status = 'active' and claims.learner_id is not null
        then withheld.reasons
        else claims.status_reason
    end as status_reason,
    claims.learner_id,
    claims.institution_code,
    claims.achievement_id,
    colleges.parent_organization_id as issuer_organization_id,
    coalesce(
        claims.source_organization_id, colleges.organization_id
    ) as source_organization_id,
    claims.term_id,
    claims.start_date,
    claims.end_date,
    claims.awarded_on,
    claims.valid_until,
    claims.credits_earned,
    claims.credit_unit,
    claims.narrative,
    claims.source_feed,
    claims.source_record_key,
    claims.recorded_at,
    claims.package_id,
    claims.file_sha256,
    claims.file_name,
    claims.line,
    claims.contract_version,
from claims
cross join as_of
inner join colleges using (institution_code)
left join
    {{ ref("idn_withheld") }} as withheld
    on claims.institution_code = withheld.institution_code
    and claims.learner_id = withheld.learner_id
