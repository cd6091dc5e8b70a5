module github.com/wfpsync/wfpsync

go 1.26.0
