package planner

import "github.com/wfpsync/wfpsync/spec"

// A Worker's cron triggers are declared as a whole.
var cronTriggersOps = attachedOps(spec.KindCronTriggers, nil)
