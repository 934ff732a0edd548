select
    retired.learner_id,
    survivor.learner_id as to_learner_id,
    log.merged_at as since,
    retired.clr_id,
    survivor.clr_id as to_clr_id,
from {{ ref("clr_learner") }} as retired
inner join
    {{ ref("clr_learner") }} as survivor
    on retired.merged_into_learner_id = survivor.learner_id
inner join
    {{ source("identity", "learner") }} as log on retired.learner_id = log.learner_id
