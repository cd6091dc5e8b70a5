#!/usr/bin/env bash
# What the action runs. Everything comes in by the environment, nothing is pasted
# into this text; action.yml names the variables. A plan is in a comment of the
# pull request that only AUTHOR's count as, and applied is only the plan whose
# digest that comment has.
set -euo pipefail

files=${RUNNER_TEMP:?}/wfpsync-files
mkdir -p "$files"
rm -f "$files"/*
flags=(-f "$STACK_FILE")
if [ -n "$STACK_ENVIRONMENT" ]; then flags+=(--env "$STACK_ENVIRONMENT"); fi
allow=()
if [ -n "$ALLOW" ]; then allow=(--allow "$ALLOW"); fi

# make_plan plans, into files, and leaves the exit code in $code.
make_plan() {
  code=0
  wfpsync plan "${flags[@]}" "${allow[@]}" --format github --detailed-exitcode \
    --report markdown="$files/comment.md" --report html="$files/plan.html" --out "$files/plan.json" || code=$?
}

# comment_of prints the ids, or with .body the texts, of the comments that a pull
# request has of earlier plans of this stack for this account.
comment_of() {
  marker=$(head -1 "$files/comment.md")
  gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$1/comments?per_page=100" |
    jq -r --arg author "$AUTHOR" --arg marker "$marker" \
      ".[] | select(.user.login == \$author and (.body | startswith(\$marker))) | $2"
}

# comment puts the plan into the pull request, in the place of an earlier one.
comment() {
  if [ -z "$PULL_REQUEST" ] || [ ! -s "$files/comment.md" ]; then return; fi
  id=$(comment_of "$PULL_REQUEST" .id | head -1)
  if [ -n "$id" ]; then
    gh api -X PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" -F body=@"$files/comment.md" > /dev/null
  else
    gh api -X POST "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" -F body=@"$files/comment.md" > /dev/null
  fi
}

# reviewed_digest prints the digest in the comment of the pull request that this
# commit was merged by; nothing where there is none. It is on the last line, which
# nothing of a plan's values can stand on.
reviewed_digest() {
  merged=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" |
    jq -r --arg sha "$GITHUB_SHA" '[.[] | select(.merged_at != null and .merge_commit_sha == $sha) | .number][0] // empty')
  if [ -z "$merged" ]; then return; fi
  comment_of "$merged" .body | { grep -v '^$' || true; } | tail -1 | { grep -o 'sha256:[0-9a-f]\{64\}' || true; } | tail -1
}

# Code that needs polyfills of Node.js gets them, from npm: docs/node.md.
if { wfpsync validate "${flags[@]}" 2>&1 || true; } | grep '\[WFP311\]' > /dev/null; then
  wfpsync local install-runtime >&2
fi

case $COMMAND in
validate)
  wfpsync validate "${flags[@]}" --format github
  ;;
plan)
  make_plan
  comment
  if [ "$code" = 2 ]; then code=0; fi # changes are what pull requests are for
  exit "$code"
  ;;
apply)
  make_plan
  case $code in
  0) exit 0 ;; # nothing would be done
  2) ;;
  *) exit "$code" ;;
  esac
  digest=${DIGEST:-$(reviewed_digest)}
  if [ -z "$digest" ]; then
    echo "::error::this plan was not reviewed: no merged pull request has it in a comment. Read it in the summary, and run this workflow by hand with its digest"
    exit 4
  fi
  wfpsync apply "$files/plan.json" --auto-approve --expect-digest "$digest" --result "$files/result.json"
  ;;
drift)
  code=0
  wfpsync drift "${flags[@]}" --format markdown > "$files/drift.md" || code=$?
  cat "$files/drift.md" >> "${GITHUB_STEP_SUMMARY:-/dev/null}"
  if [ "$code" = 2 ]; then
    echo "::error::the account is not as it was applied: the summary of this run has what changed, and when"
  fi
  exit "$code"
  ;;
*)
  echo "::error::the command '$COMMAND' is unknown; it is validate, plan, apply or drift"
  exit 64
  ;;
esac
