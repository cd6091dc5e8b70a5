package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// Files of a directory of assets that say something about the others.
// Source: workers-sdk, packages/workers-shared/utils/constants.ts.
const (
	assetsIgnoreFile = ".assetsignore"
	headersFile      = "_headers"
	redirectsFile    = "_redirects"
)

// assetLimits are the platform's, on a paid plan, which Workers for Platforms
// needs. Source: Workers platform limits, "Static assets".
type assetLimits struct {
	files int
	size  int64

	// rules bounds _headers and _redirects, which travel with the Worker itself:
	// 2,100 redirects of 1,000 characters are what the platform reads of them.
	rules int64
}

var platformLimits = assetLimits{files: 100_000, size: 25 << 20, rules: 4 << 20}

// ReadAssets completes directories of static files and returns everything there
// is to say about all of them. A directory whose diagnostics hold an error is
// left incomplete. Contents are read once, to hash them, and not kept.
//
// root is the project folder, an absolute path; directories are relative to it.
func ReadAssets(ctx context.Context, root string, directories []*spec.AssetFiles) diag.List {
	return ReadAssetsEach(ctx, root, [][]*spec.AssetFiles{directories})[0]
}

// ReadAssetsEach is [ReadAssets] for several groups of directories, with what
// there is to say about each group. A directory that several have is read once.
func ReadAssetsEach(ctx context.Context, root string, groups [][]*spec.AssetFiles) []diag.List {
	found := make([]diag.List, len(groups))
	if len(slices.Concat(groups...)) == 0 {
		return found
	}
	p, err := openProject(root)
	if err != nil {
		for i := range found {
			found[i] = diag.List{problem(RuleAssetDirectory, fmt.Sprintf("cannot open the project folder %q: %v", root, err), "")}
		}
		return found
	}
	defer p.close()
	readers := map[assetSource]*assetReader{}
	var reads errgroup.Group
	reads.SetLimit(runtime.GOMAXPROCS(0))
	for _, d := range slices.Concat(groups...) {
		if source := assetSourceOf(d); readers[source] == nil {
			r := &assetReader{project: p, directory: d, limits: platformLimits}
			readers[source] = r
			reads.Go(func() error {
				r.read(ctx)
				return nil
			})
		}
	}
	_ = reads.Wait() // each reports through its diagnostics
	for i, directories := range groups {
		for _, d := range directories {
			r := readers[assetSourceOf(d)]
			found[i] = append(found[i], r.diags...)
			if d != r.directory {
				*d = *r.directory
			}
		}
		found[i] = found[i].Sorted()
	}
	return found
}

// assetSource is what makes two directories of static files the same.
type assetSource struct {
	directory string
	at        diag.Range
	pages     bool
}

func assetSourceOf(d *spec.AssetFiles) assetSource { return assetSource{d.Directory, d.At, d.Pages} }

// assetReader reads one directory.
type assetReader struct {
	project   *project
	directory *spec.AssetFiles
	limits    assetLimits

	ignored            ignorePatterns
	files              []spec.AssetFile
	headers, redirects string
	diags              diag.List
}

func (r *assetReader) read(ctx context.Context) diag.List {
	if !r.checkDirectory() {
		return r.diags
	}
	ignore, hasIgnore := r.readRules(assetsIgnoreFile)
	if hasIgnore {
		r.ignored = parseIgnorePatterns(ignore)
	}
	r.readHeaders()
	r.readRedirects()
	err := fs.WalkDir(r.project.root.FS(), r.directory.Directory, func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		return r.visit(name, entry)
	})
	switch {
	case err != nil:
		r.report(RuleAssetDirectory, fmt.Sprintf("the directory of assets %q cannot be read: %v", r.directory.Directory, withoutPlace(err)), "")
	case !r.diags.HasErrors() && len(r.files) == 0:
		r.report(RuleAssetDirectory, fmt.Sprintf("the directory of assets %q has no files to serve", r.directory.Directory), "is it built before this runs?")
	case len(r.files) > r.limits.files:
		r.report(RuleAssetLimits, fmt.Sprintf("the directory of assets %q has more files than the %d that the platform takes", r.directory.Directory, r.limits.files),
			"take out what is not served with "+assetsIgnoreFile+", or keep the files in an R2 bucket")
	}
	if !r.diags.HasErrors() {
		r.directory.Complete(r.files, r.headers, r.redirects, assetFolder{root: r.project.dir, directory: r.directory.Directory})
	}
	return r.diags
}

func (r *assetReader) report(rule, message, hint string) {
	d := problem(rule, message, hint)
	d.Range = r.directory.At
	r.diags = append(r.diags, d)
}

// checkDirectory says what is wrong with the directory as a whole.
func (r *assetReader) checkDirectory() bool {
	name := r.directory.Directory
	quoted := fmt.Sprintf("the directory of assets %q", name)
	if leavesByName(name) || !r.project.contains(name) {
		r.report(RuleAssetOutside, quoted+" lies outside the project folder", "serve a folder below the stack file's")
		return false
	}
	info, err := r.project.stat(name)
	switch {
	case err != nil:
		r.report(RuleAssetDirectory, quoted+" does not exist", "is it built before this runs?")
	case !info.IsDir():
		r.report(RuleAssetDirectory, quoted+" is not a folder", "name the folder that the file is in")
	case name == ".":
		r.report(RuleAssetDirectory, quoted+" is the project folder itself: its sources would be served to everybody", "put what is served into a folder of its own")
	default:
		return true
	}
	return false
}

// readRules is the content of one of the files about the others, and whether
// there is such a file.
func (r *assetReader) readRules(name string) (content string, exists bool) {
	name = path.Join(r.directory.Directory, name)
	info, err := r.project.stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", false
	case err == nil && info.IsDir():
		return "", false // served like any other folder
	case err == nil && info.Size() > r.limits.rules:
		r.report(RuleAssetLimits, fmt.Sprintf("%q has %d bytes; %d are the most", name, info.Size(), r.limits.rules), "")
		return "", true
	}
	data, err := r.project.read(name)
	if err != nil {
		r.reportUnreadable(name, err)
		return "", true
	}
	if !isText(data) {
		r.report(RuleAssetDirectory, fmt.Sprintf("%q is not a text file in UTF-8", name), "")
		return "", true
	}
	return string(data), true
}

// visit takes one file of the directory in, or says why it cannot be.
func (r *assetReader) visit(name string, entry fs.DirEntry) error {
	served := strings.TrimPrefix(name, r.directory.Directory+"/")
	switch {
	case name == r.directory.Directory:
		return nil
	case r.ignored.match(served, entry.IsDir()):
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	case entry.IsDir():
		r.checkPagesWorker(served)
		return nil
	case served == assetsIgnoreFile, served == headersFile, served == redirectsFile:
		return nil
	case !utf8.ValidString(served):
		r.report(RuleAssetLimits, fmt.Sprintf("the name %q is not UTF-8, and no request can ask for it", name), "rename the file")
		return nil
	}
	if !r.project.contains(name) {
		r.report(RuleAssetOutside, leadsOutside(name), "copy the file into the directory, or list the link in "+assetsIgnoreFile)
		return nil
	}
	info, err := r.project.stat(name)
	switch {
	case err != nil:
		r.reportUnreadable(name, err)
	case info.IsDir():
		r.report(RuleAssetOutside, fmt.Sprintf("%q is a link to a folder, whose files would not be served", name), "copy the folder into the directory, or list the link in "+assetsIgnoreFile)
	case !info.Mode().IsRegular():
		r.report(RuleAssetDirectory, fmt.Sprintf("%q is not a regular file", name), "")
	case info.Size() > r.limits.size:
		r.report(RuleAssetLimits, fmt.Sprintf("%q has %d bytes; the platform takes files of %d", name, info.Size(), r.limits.size),
			"keep it in an R2 bucket, or list it in "+assetsIgnoreFile)
	default:
		r.checkPagesWorker(served)
		r.add(name, served)
	}
	if len(r.files) > r.limits.files {
		return fs.SkipAll
	}
	return nil
}

// checkPagesWorker refuses the code of a Pages project among what is served, as
// wrangler does, unless somebody has thought about what is left out.
func (r *assetReader) checkPagesWorker(served string) {
	if served != "_worker.js" || r.ignored.given {
		return
	}
	r.report(RuleAssetLimits, fmt.Sprintf("%q is the code of a Pages project, and everybody could read it", path.Join(r.directory.Directory, served)),
		"list _worker.js in "+assetsIgnoreFile+", or leave that file empty if it is meant")
}

// add hashes a file.
func (r *assetReader) add(name, served string) {
	file, err := r.project.root.Open(filepath.FromSlash(name))
	if err != nil {
		r.reportUnreadable(name, err)
		return
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, io.LimitReader(file, r.limits.size+1))
	if err != nil {
		r.reportUnreadable(name, err)
		return
	}
	r.files = append(r.files, spec.AssetFile{
		Path: "/" + served, Type: assetType(served), Size: size, SHA256: hex.EncodeToString(hash.Sum(nil)),
	})
}

func (r *assetReader) reportUnreadable(name string, err error) {
	r.report(RuleAssetDirectory, fmt.Sprintf("%q cannot be read: %v", name, withoutPlace(err)), "")
}

// withoutPlace is an error of the file system without the file, which messages
// name as the project knows it.
func withoutPlace(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// assetFolder opens the files of a directory when they are uploaded, long after
// the project was closed.
type assetFolder struct{ root, directory string }

// OpenAsset implements [spec.AssetSource]. What has become a link out of the
// project is refused here once more.
func (f assetFolder) OpenAsset(file spec.AssetFile) (io.ReadCloser, error) {
	name := path.Join(f.directory, file.Path)
	opened, err := os.OpenInRoot(f.root, filepath.FromSlash(name))
	if err != nil {
		return nil, fmt.Errorf("the static file %s cannot be read: %w", name, withoutPlace(err))
	}
	return opened, nil
}
