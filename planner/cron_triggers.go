package planner

// A Worker's cron triggers are declared as a whole.
var cronTriggersColumn = attachedColumn(nil)
