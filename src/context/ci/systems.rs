//! The CI systems and their variables, after the manuals of their makers.

use super::{Rule, Source, System};
use crate::context::names::*;
use crate::environment::Environment;

/// In the order of detection: Gitea sets `GITHUB_ACTIONS` as well, and Woodpecker shares names with GitLab.
pub(super) static SYSTEMS: &[System] = &[
    System {
        name: "Gitea Actions",
        here: |environment| on(environment, "GITEA_ACTIONS") || on(environment, "FORGEJO_ACTIONS"),
        provider: Some("gitea"),
        rules: &[GITHUB],
    },
    System {
        name: "GitHub Actions",
        here: |environment| on(environment, "GITHUB_ACTIONS"),
        provider: Some("github"),
        rules: &[
            GITHUB,
            &[Rule::Made(CICD_PIPELINE_RUN_URL_FULL, |source| {
                let run = format!("{}/actions/runs/{}", github_repository(source)?, source.get("GITHUB_RUN_ID")?);
                Some(match source.get("GITHUB_RUN_ATTEMPT") {
                    Some(attempt) => format!("{run}/attempts/{attempt}"),
                    None => run,
                })
            })],
        ],
    },
    System {
        name: "GitLab",
        here: |environment| on(environment, "GITLAB_CI"),
        provider: Some("gitlab"),
        rules: &[&[
            Rule::Is(CICD_PIPELINE_NAME, &["CI_PIPELINE_NAME", "CI_PROJECT_PATH"]),
            Rule::Is(CICD_PIPELINE_RUN_ID, &["CI_PIPELINE_ID"]),
            Rule::Is(CICD_PIPELINE_RUN_URL_FULL, &["CI_PIPELINE_URL"]),
            Rule::Is(CICD_PIPELINE_TASK_NAME, &["CI_JOB_NAME"]),
            Rule::Is(CICD_PIPELINE_TASK_RUN_ID, &["CI_JOB_ID"]),
            Rule::Is(CICD_PIPELINE_TASK_RUN_URL_FULL, &["CI_JOB_URL"]),
            Rule::Is(CICD_WORKER_ID, &["CI_RUNNER_ID"]),
            Rule::Is(CICD_WORKER_NAME, &["CI_RUNNER_DESCRIPTION"]),
            // CI_REPOSITORY_URL holds the job's token.
            Rule::Repository(|source| source.own("CI_PROJECT_URL")),
            Rule::Is(VCS_REF_HEAD_REVISION, &["CI_COMMIT_SHA"]),
            Rule::Head { tags: &["CI_COMMIT_TAG"], branches: &["CI_COMMIT_REF_NAME"] },
            Rule::Is(VCS_REF_BASE_NAME, &["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"]),
            Rule::Is(VCS_CHANGE_ID, &["CI_MERGE_REQUEST_IID"]),
            Rule::Is(VCS_CHANGE_TITLE, &["CI_MERGE_REQUEST_TITLE"]),
            Rule::Is(DEPLOYMENT_ENVIRONMENT_NAME, &["CI_ENVIRONMENT_NAME"]),
        ]],
    },
    System {
        name: "Buildkite",
        here: |environment| on(environment, "BUILDKITE"),
        provider: None,
        rules: &[&[
            Rule::Is(CICD_PIPELINE_NAME, &["BUILDKITE_PIPELINE_NAME", "BUILDKITE_PIPELINE_SLUG"]),
            Rule::Is(CICD_PIPELINE_RUN_ID, &["BUILDKITE_BUILD_ID"]),
            Rule::Is(CICD_PIPELINE_RUN_URL_FULL, &["BUILDKITE_BUILD_URL"]),
            Rule::Is(CICD_PIPELINE_TASK_NAME, &["BUILDKITE_LABEL", "BUILDKITE_STEP_KEY"]),
            Rule::Is(CICD_PIPELINE_TASK_RUN_ID, &["BUILDKITE_JOB_ID"]),
            Rule::Made(CICD_PIPELINE_TASK_RUN_URL_FULL, |source| {
                Some(format!("{}#{}", source.get("BUILDKITE_BUILD_URL")?, source.get("BUILDKITE_JOB_ID")?))
            }),
            Rule::Is(CICD_WORKER_ID, &["BUILDKITE_AGENT_ID"]),
            Rule::Is(CICD_WORKER_NAME, &["BUILDKITE_AGENT_NAME"]),
            Rule::Repository(|source| source.own("BUILDKITE_REPO")),
            // `HEAD` is what was asked for, not what was checked out.
            Rule::Made(VCS_REF_HEAD_REVISION, |source| {
                source.get("BUILDKITE_COMMIT").filter(|commit| *commit != "HEAD").map(str::to_owned)
            }),
            Rule::Head { tags: &["BUILDKITE_TAG"], branches: &["BUILDKITE_BRANCH"] },
            Rule::Is(VCS_REF_BASE_NAME, &["BUILDKITE_PULL_REQUEST_BASE_BRANCH"]),
            Rule::Made(VCS_CHANGE_ID, |source| {
                source.get("BUILDKITE_PULL_REQUEST").filter(|number| *number != "false").map(str::to_owned)
            }),
        ]],
    },
    System {
        name: "CircleCI",
        here: |environment| on(environment, "CIRCLECI"),
        provider: None,
        rules: &[&[
            Rule::Is(CICD_PIPELINE_RUN_ID, &["CIRCLE_WORKFLOW_ID", "CIRCLE_PIPELINE_ID"]),
            Rule::Is(CICD_PIPELINE_TASK_NAME, &["CIRCLE_JOB"]),
            Rule::Is(CICD_PIPELINE_TASK_RUN_ID, &["CIRCLE_WORKFLOW_JOB_ID"]),
            Rule::Is(CICD_PIPELINE_TASK_RUN_URL_FULL, &["CIRCLE_BUILD_URL"]),
            Rule::Repository(|source| source.own("CIRCLE_REPOSITORY_URL")),
            Rule::Is(VCS_REF_HEAD_REVISION, &["CIRCLE_SHA1"]),
            Rule::Head { tags: &["CIRCLE_TAG"], branches: &["CIRCLE_BRANCH"] },
            // CIRCLE_PR_NUMBER is there for forks only.
            Rule::Made(VCS_CHANGE_ID, |source| {
                let in_url = source.get("CIRCLE_PULL_REQUEST").and_then(|url| url.rsplit('/').next());
                let number = in_url.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
                number.or_else(|| source.get("CIRCLE_PR_NUMBER")).map(str::to_owned)
            }),
        ]],
    },
    System {
        name: "Azure Pipelines",
        here: |environment| on(environment, "TF_BUILD"),
        provider: None,
        rules: &[&[
            Rule::Is(CICD_PIPELINE_NAME, &["BUILD_DEFINITIONNAME"]),
            Rule::Is(CICD_PIPELINE_RUN_ID, &["BUILD_BUILDID"]),
            Rule::Made(CICD_PIPELINE_RUN_URL_FULL, azure_run),
            // The job, because the other names of the task are about it as well.
            Rule::Is(CICD_PIPELINE_TASK_NAME, &["SYSTEM_JOBDISPLAYNAME", "SYSTEM_STAGENAME"]),
            Rule::Is(CICD_PIPELINE_TASK_RUN_ID, &["SYSTEM_JOBID"]),
            Rule::Made(CICD_PIPELINE_TASK_RUN_URL_FULL, |source| {
                Some(format!("{}&view=logs&j={}", azure_run(source)?, source.get("SYSTEM_JOBID")?))
            }),
            Rule::Is(CICD_WORKER_ID, &["AGENT_ID"]),
            Rule::Is(CICD_WORKER_NAME, &["AGENT_NAME"]),
            Rule::Repository(|source| source.own("BUILD_REPOSITORY_URI")),
            // In a pull request BUILD_SOURCEVERSION is the merge commit.
            Rule::Is(VCS_REF_HEAD_REVISION, &["SYSTEM_PULLREQUEST_SOURCECOMMITID", "BUILD_SOURCEVERSION"]),
            Rule::Made(VCS_REF_HEAD_NAME, |source| Some(azure_head(source)?.0)),
            Rule::Made(VCS_REF_TYPE, |source| Some(azure_head(source)?.1.to_owned())),
            Rule::Made(VCS_REF_BASE_NAME, |source| {
                let base = source.get("SYSTEM_PULLREQUEST_TARGETBRANCH")?;
                Some(base.strip_prefix("refs/heads/").unwrap_or(base).to_owned())
            }),
            Rule::Is(VCS_CHANGE_ID, &["SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "SYSTEM_PULLREQUEST_PULLREQUESTID"]),
        ]],
    },
    System {
        name: "Bitbucket Pipelines",
        here: |environment| on(environment, "BITBUCKET_BUILD_NUMBER"),
        provider: Some("bitbucket"),
        rules: &[&[
            Rule::Made(CICD_PIPELINE_RUN_ID, |source| {
                let number = || source.get("BITBUCKET_BUILD_NUMBER").map(str::to_owned);
                without_braces(source, "BITBUCKET_PIPELINE_UUID").or_else(number)
            }),
            Rule::Made(CICD_PIPELINE_RUN_URL_FULL, |source| {
                let repository = bitbucket_repository(source)?;
                Some(format!("{repository}/pipelines/results/{}", source.get("BITBUCKET_BUILD_NUMBER")?))
            }),
            Rule::Made(CICD_PIPELINE_TASK_RUN_ID, |source| without_braces(source, "BITBUCKET_STEP_UUID")),
            Rule::Repository(bitbucket_repository),
            Rule::Is(VCS_REF_HEAD_REVISION, &["BITBUCKET_COMMIT"]),
            Rule::Head { tags: &["BITBUCKET_TAG"], branches: &["BITBUCKET_BRANCH"] },
            Rule::Is(VCS_REF_BASE_NAME, &["BITBUCKET_PR_DESTINATION_BRANCH"]),
            Rule::Is(VCS_CHANGE_ID, &["BITBUCKET_PR_ID"]),
            Rule::Is(DEPLOYMENT_ENVIRONMENT_NAME, &["BITBUCKET_DEPLOYMENT_ENVIRONMENT"]),
        ]],
    },
    System {
        name: "Woodpecker",
        here: |environment| environment.get("CI") == Some("woodpecker"),
        provider: None,
        rules: &[&[
            Rule::Is(CICD_PIPELINE_NAME, &["CI_WORKFLOW_NAME"]),
            Rule::Is(CICD_PIPELINE_RUN_ID, &["CI_PIPELINE_NUMBER"]),
            Rule::Is(CICD_PIPELINE_RUN_URL_FULL, &["CI_PIPELINE_URL"]),
            Rule::Is(CICD_PIPELINE_TASK_NAME, &["CI_STEP_NAME"]),
            Rule::Is(CICD_PIPELINE_TASK_RUN_ID, &["CI_STEP_NUMBER"]),
            Rule::Is(CICD_PIPELINE_TASK_RUN_URL_FULL, &["CI_STEP_URL"]),
            Rule::Repository(|source| source.own("CI_REPO_URL")),
            Rule::Is(VCS_REF_HEAD_REVISION, &["CI_COMMIT_SHA"]),
            // CI_COMMIT_BRANCH of a pull request is the branch that it goes to.
            Rule::Head { tags: &["CI_COMMIT_TAG"], branches: &["CI_COMMIT_SOURCE_BRANCH", "CI_COMMIT_BRANCH"] },
            Rule::Is(VCS_REF_BASE_NAME, &["CI_COMMIT_TARGET_BRANCH"]),
            Rule::Is(VCS_CHANGE_ID, &["CI_COMMIT_PULL_REQUEST"]),
            Rule::Is(DEPLOYMENT_ENVIRONMENT_NAME, &["CI_PIPELINE_DEPLOY_TARGET"]),
        ]],
    },
    System {
        name: "Drone",
        here: |environment| on(environment, "DRONE"),
        provider: None,
        rules: &[&[
            Rule::Is(CICD_PIPELINE_NAME, &["DRONE_STAGE_NAME"]),
            Rule::Is(CICD_PIPELINE_RUN_ID, &["DRONE_BUILD_NUMBER"]),
            Rule::Is(CICD_PIPELINE_RUN_URL_FULL, &["DRONE_BUILD_LINK"]),
            Rule::Is(CICD_PIPELINE_TASK_NAME, &["DRONE_STEP_NAME"]),
            Rule::Is(CICD_PIPELINE_TASK_RUN_ID, &["DRONE_STEP_NUMBER"]),
            Rule::Is(CICD_WORKER_NAME, &["DRONE_STAGE_MACHINE"]),
            Rule::Repository(|source| source.own("DRONE_REPO_LINK")),
            Rule::Is(VCS_REF_HEAD_REVISION, &["DRONE_COMMIT_SHA"]),
            Rule::Head { tags: &["DRONE_TAG"], branches: &["DRONE_SOURCE_BRANCH"] },
            Rule::Is(VCS_REF_BASE_NAME, &["DRONE_TARGET_BRANCH"]),
            Rule::Is(VCS_CHANGE_ID, &["DRONE_PULL_REQUEST"]),
            Rule::Is(DEPLOYMENT_ENVIRONMENT_NAME, &["DRONE_DEPLOY_TO"]),
        ]],
    },
    System {
        name: "Jenkins",
        here: |environment| on(environment, "JENKINS_URL"),
        provider: None,
        rules: &[&[
            Rule::Is(CICD_PIPELINE_NAME, &["JOB_NAME"]),
            Rule::Is(CICD_PIPELINE_RUN_ID, &["BUILD_NUMBER"]),
            Rule::Is(CICD_PIPELINE_RUN_URL_FULL, &["RUN_DISPLAY_URL", "BUILD_URL"]),
            Rule::Is(CICD_PIPELINE_TASK_NAME, &["STAGE_NAME"]),
            Rule::Made(CICD_WORKER_ID, |source| {
                let node = source.get("NODE_NAME")?;
                Some(match source.get("EXECUTOR_NUMBER") {
                    Some(executor) => format!("{node}/{executor}"),
                    None => node.to_owned(),
                })
            }),
            Rule::Is(CICD_WORKER_NAME, &["NODE_NAME"]),
            Rule::Repository(|source| source.own("GIT_URL")),
            Rule::Is(VCS_REF_HEAD_REVISION, &["GIT_COMMIT"]),
            Rule::Made(VCS_REF_HEAD_NAME, |source| {
                let named = source.first(&["CHANGE_BRANCH", "TAG_NAME", "BRANCH_NAME"]);
                let local = |branch: &str| branch.strip_prefix("origin/").unwrap_or(branch).to_owned();
                named.map(str::to_owned).or_else(|| source.get("GIT_BRANCH").map(local))
            }),
            Rule::Made(VCS_REF_TYPE, |source| {
                let tag = source.get("CHANGE_BRANCH").is_none() && source.get("TAG_NAME").is_some();
                source.first(&["CHANGE_BRANCH", "TAG_NAME", "BRANCH_NAME", "GIT_BRANCH"])?;
                Some(if tag { "tag" } else { "branch" }.to_owned())
            }),
            Rule::Is(VCS_REF_BASE_NAME, &["CHANGE_TARGET"]),
            Rule::Is(VCS_CHANGE_ID, &["CHANGE_ID"]),
            Rule::Is(VCS_CHANGE_TITLE, &["CHANGE_TITLE"]),
        ]],
    },
];

/// What Gitea and Forgejo took over from GitHub, which is not the addresses of its pages.
static GITHUB: &[Rule] = &[
    Rule::Is(CICD_PIPELINE_NAME, &["GITHUB_WORKFLOW"]),
    Rule::Is(CICD_PIPELINE_RUN_ID, &["GITHUB_RUN_ID"]),
    Rule::Is(CICD_PIPELINE_TASK_NAME, &["GITHUB_JOB"]),
    Rule::Is(CICD_WORKER_NAME, &["RUNNER_NAME"]),
    Rule::Repository(github_repository),
    Rule::Made(VCS_REF_HEAD_REVISION, github_revision),
    Rule::Made(VCS_REF_HEAD_NAME, github_head),
    Rule::Made(VCS_REF_TYPE, github_ref_type),
    Rule::Is(VCS_REF_BASE_NAME, &["GITHUB_BASE_REF"]),
    Rule::Made(VCS_CHANGE_ID, github_change),
    Rule::Made(VCS_CHANGE_TITLE, |source| source.pull_request.as_ref()?.title.clone()),
];

fn on(environment: &Environment, name: &str) -> bool {
    environment.get(name).is_some_and(|value| !value.eq_ignore_ascii_case("false"))
}

fn github_repository(source: &Source<'_>) -> Option<String> {
    Some(format!("{}/{}", source.get("GITHUB_SERVER_URL")?.trim_end_matches('/'), source.get("GITHUB_REPOSITORY")?))
}

fn github_is_pull_request(source: &Source<'_>) -> bool {
    source.pull_request.is_some() || source.get("GITHUB_HEAD_REF").is_some()
}

/// `GITHUB_SHA` of a pull request is a merge commit that nobody made.
fn github_revision(source: &Source<'_>) -> Option<String> {
    if github_is_pull_request(source) {
        source.pull_request.as_ref()?.head.as_ref()?.sha.clone()
    } else {
        source.get("GITHUB_SHA").map(str::to_owned)
    }
}

fn github_head(source: &Source<'_>) -> Option<String> {
    if let Some(head) = source.get("GITHUB_HEAD_REF") {
        return Some(head.to_owned());
    }
    match &source.pull_request {
        Some(pull_request) => pull_request.head.as_ref()?.r#ref.clone(),
        None => source.get("GITHUB_REF_NAME").map(str::to_owned),
    }
}

fn github_ref_type(source: &Source<'_>) -> Option<String> {
    github_head(source)?;
    if github_is_pull_request(source) {
        return Some("branch".to_owned());
    }
    source.get("GITHUB_REF_TYPE").filter(|kind| ["branch", "tag"].contains(kind)).map(str::to_owned)
}

/// From the event, else from `refs/pull/7/merge`.
fn github_change(source: &Source<'_>) -> Option<String> {
    let from_event = source.pull_request.as_ref().and_then(|pull_request| pull_request.number);
    let from_ref = || source.get("GITHUB_REF")?.strip_prefix("refs/pull/")?.split('/').next();
    from_event.map(|number| number.to_string()).or_else(|| from_ref().map(str::to_owned))
}

fn azure_run(source: &Source<'_>) -> Option<String> {
    let collection = source.get("SYSTEM_COLLECTIONURI")?.trim_end_matches('/');
    let project = source.get("SYSTEM_TEAMPROJECT")?.replace(' ', "%20");
    Some(format!("{collection}/{project}/_build/results?buildId={}", source.get("BUILD_BUILDID")?))
}

/// `BUILD_SOURCEBRANCHNAME` is only the last segment, and the source of a pull request is `refs/pull/7/merge`.
fn azure_head(source: &Source<'_>) -> Option<(String, &'static str)> {
    let name = source.first(&["SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH"])?;
    if let Some(tag) = name.strip_prefix("refs/tags/") {
        return Some((tag.to_owned(), "tag"));
    }
    let branch = name.strip_prefix("refs/heads/").unwrap_or(name);
    (!branch.starts_with("refs/")).then(|| (branch.to_owned(), "branch"))
}

fn bitbucket_repository(source: &Source<'_>) -> Option<String> {
    Some(format!("https://bitbucket.org/{}", source.get("BITBUCKET_REPO_FULL_NAME")?))
}

fn without_braces(source: &Source<'_>, name: &str) -> Option<String> {
    Some(source.get(name)?.trim_matches(['{', '}']).to_owned())
}
