/*
 * The fault layer: stands between a real gateway process and the C library
 * (LD_PRELOAD), and makes calls on files below one folder fail, hang, lie or
 * end the process, as the test says while it runs. It can also write down
 * every change to those files, so that the test can take away afterwards what
 * a power cut would have: all that no completed sync covers.
 *
 * Why C, and only here: a call can be intercepted in the unchanged program in
 * no other way without privileges, and the workspace forbids unsafe Rust. Test
 * only; compiled by the test (src/faults.rs), shipped nowhere.
 *
 * What the gateway must use for this to bite: the C library's calls, as std and
 * SQLite do. What goes past them (io_uring, raw system calls, mapped memory) is
 * not seen; src/power.rs notices, because then the changes written down do not
 * explain the files.
 *
 * The layout of `struct control` and `struct record` stands again in
 * src/faults.rs and src/power.rs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x314c46544c544f4dull /* "MOTLTFL1" */
#define RULES 8

enum op { OP_WRITE = 1, OP_SYNC = 2, OP_CREATE = 4, OP_OPEN = 8, OP_TRUNCATE = 16,
          OP_RENAME = 32, OP_UNLINK = 64, OP_SYNC_DIR = 128, OP_MKDIR = 256 };

enum action { ACT_NONE, ACT_FAIL, ACT_HALF, ACT_LIE, ACT_HANG, ACT_DELAY, ACT_PRETEND,
              ACT_KILL_BEFORE, ACT_KILL_MIDWAY, ACT_KILL_AFTER, ACT_KILL_FAILED };

struct rule {
    _Atomic uint64_t armed;
    uint64_t ops, action, arg;
    uint64_t skip;   /* calls that pass first */
    uint64_t times;  /* calls it acts on then; 0 = all */
    _Atomic uint64_t seen, acted;
    char path[192];  /* part of the path; empty = any */
};

struct control {
    uint64_t magic;
    _Atomic uint64_t pid;      /* written here once the layer is at work */
    _Atomic int64_t clock_ns;  /* added to the wall clock */
    uint64_t unused[61];
    struct rule rules[RULES];
};

enum kind { REC_WRITE = 1, REC_ZEROS, REC_TRUNCATE, REC_SYNCED, REC_SYNC_FAILED, REC_CREATE,
            REC_RENAME, REC_UNLINK, REC_DIR_SYNCED, REC_MKDIR };

struct record {
    uint64_t magic, kind, ino;
    uint64_t at;   /* offset; for syncs: all records before this place are covered;
                      for what loses its name: where it is kept */
    uint64_t len;  /* bytes written; of the data that follows unless zeros */
    uint64_t path_len, other_len;
};

static char root[PATH_MAX], keep[PATH_MAX];
static size_t root_len;
static struct control *control;
static int log_fd = -1;
static uint64_t log_end;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ({ static __typeof__(&name) real_; \
    if (!real_) { real_ = (__typeof__(&name))dlsym(RTLD_NEXT, #name); } real_; })

static void fatal(const char *what) {
    char line[256];
    int n = snprintf(line, sizeof line, "fault layer: %s (errno %d)\n", what, errno);
    if (n > 0) (void)!REAL(write)(2, line, (size_t)n);
    abort();
}

static void end_process(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

__attribute__((constructor)) static void start(void) {
    const char *folder = getenv("MOTLAN_FAULT_ROOT"), *file = getenv("MOTLAN_FAULT_CONTROL");
    const char *log = getenv("MOTLAN_FAULT_LOG"), *kept = getenv("MOTLAN_FAULT_KEEP");
    if (!folder || !file || !realpath(folder, root)) fatal("no folder or no control file given");
    root_len = strlen(root);
    int fd = REAL(open)(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) fatal("the control file cannot be opened");
    void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) fatal("the control file cannot be mapped");
    close(fd);
    if (((struct control *)map)->magic != MAGIC) fatal("the control file is of another layout");
    if (log) {
        struct stat st;
        if (!kept || strlen(kept) >= sizeof keep) fatal("no folder for what is unlinked");
        strcpy(keep, kept);
        log_fd = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log_fd < 0 || fstat(log_fd, &st)) fatal("the log of changes cannot be opened");
        log_end = (uint64_t)st.st_size;
    }
    control = map;
    atomic_store(&control->pid, (uint64_t)getpid());
}

/* --- what a call is about --- */

static int below(const char *path) {
    return control && !strncmp(path, root, root_len) && (path[root_len] == '/' || !path[root_len]);
}

static int inside(int fd, char path[PATH_MAX], struct stat *st) {
    char link[64];
    int before = errno, found = 0;
    if (control && !fstat(fd, st) && (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, path, PATH_MAX - 1);
        if (n > 0) {
            path[n] = 0;
            found = below(path);
        }
    }
    errno = before;
    return found;
}

static struct rule *meet(uint64_t op, const char *path, uint64_t *action) {
    *action = ACT_NONE;
    for (int i = 0; i < RULES; i++) {
        struct rule *rule = &control->rules[i];
        if (!atomic_load(&rule->armed) || !(rule->ops & op)) continue;
        if (rule->path[0] && !strstr(path, rule->path)) continue;
        uint64_t nth = atomic_fetch_add(&rule->seen, 1);
        if (nth < rule->skip || (rule->times && nth >= rule->skip + rule->times)) continue;
        atomic_fetch_add(&rule->acted, 1);
        *action = rule->action;
        return rule;
    }
    return NULL;
}

/* Whether the call fails here and now; else what is left to be done around it. */
static int fails(uint64_t op, const char *path, uint64_t *action) {
    struct rule *rule = meet(op, path, action);
    struct timespec ms = { 0, 1000000 };
    if (*action == ACT_FAIL) {
        errno = (int)rule->arg;
        return 1;
    }
    if (*action == ACT_KILL_BEFORE) end_process();
    if (*action == ACT_HANG)
        while (atomic_load(&rule->armed)) nanosleep(&ms, NULL);
    if (*action == ACT_DELAY)
        for (uint64_t i = 0; i < rule->arg; i++) nanosleep(&ms, NULL);
    return 0;
}

/* --- the log of changes; log_lock is held --- */

static void note(uint64_t kind, uint64_t ino, uint64_t at, const void *data, uint64_t len,
                 const char *path, const char *other) {
    struct record record = { MAGIC, kind, ino, at, len, path ? strlen(path) : 0, other ? strlen(other) : 0 };
    struct iovec parts[4] = { { &record, sizeof record }, { (void *)path, record.path_len },
                              { (void *)other, record.other_len }, { (void *)data, data ? len : 0 } };
    size_t whole = 0;
    for (int i = 0; i < 4; i++) whole += parts[i].iov_len;
    if (writev(log_fd, parts, 4) != (ssize_t)whole) fatal("the log of changes cannot be written");
    log_end += whole;
}

static int all_zeros(const char *bytes, size_t len) {
    return len && !bytes[0] && !memcmp(bytes, bytes + 1, len - 1);
}

/* What loses its last name stays readable under the place of its record. */
static const char *keep_file(const char *path, char name[PATH_MAX + 32]) {
    struct stat st;
    if (lstat(path, &st) || !S_ISREG(st.st_mode)) return NULL;
    snprintf(name, PATH_MAX + 32, "%s/%llu", keep, (unsigned long long)log_end);
    if (link(path, name)) fatal("a file that is unlinked cannot be kept");
    return strrchr(name, '/') + 1;
}

static uint64_t ino_of(const char *path) {
    struct stat st;
    return lstat(path, &st) ? 0 : st.st_ino;
}

/* --- the calls --- */

static ssize_t real_write(int fd, const void *bytes, size_t len, off_t at, int positioned) {
    return positioned ? REAL(pwrite64)(fd, bytes, len, at) : REAL(write)(fd, bytes, len);
}

static ssize_t do_write(int fd, const void *bytes, size_t len, off_t at, int positioned) {
    char path[PATH_MAX];
    struct stat st;
    uint64_t action;
    if (!inside(fd, path, &st)) return real_write(fd, bytes, len, at, positioned);
    if (fails(OP_WRITE, path, &action)) return -1;
    size_t whole = len;
    if ((action == ACT_HALF || action == ACT_KILL_MIDWAY) && len > 1) len /= 2;
    ssize_t done;
    if (log_fd >= 0) {
        pthread_mutex_lock(&log_lock);
        off_t place = positioned ? at : lseek(fd, 0, SEEK_CUR);
        if (fcntl(fd, F_GETFL) & O_APPEND) place = st.st_size;
        int zeros = all_zeros(bytes, len);
        note(zeros ? REC_ZEROS : REC_WRITE, st.st_ino, (uint64_t)place, zeros ? NULL : bytes, len, NULL, NULL);
        done = real_write(fd, bytes, len, at, positioned);
        if (done != (ssize_t)len) fatal("a write failed by itself");
        pthread_mutex_unlock(&log_lock);
    } else {
        done = real_write(fd, bytes, len, at, positioned);
    }
    if (action == ACT_KILL_MIDWAY || action == ACT_KILL_AFTER) end_process();
    return action == ACT_LIE && done >= 0 ? (ssize_t)whole + 1 : done;
}

ssize_t write(int fd, const void *bytes, size_t len) { return do_write(fd, bytes, len, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at) { return do_write(fd, bytes, len, at, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at) { return do_write(fd, bytes, len, at, 1); }

static int do_sync(int fd, int (*real)(int)) {
    char path[PATH_MAX];
    struct stat st;
    uint64_t action, covered = 0;
    if (!inside(fd, path, &st)) return real(fd);
    int folder = S_ISDIR(st.st_mode);
    if (log_fd >= 0) {
        pthread_mutex_lock(&log_lock);
        covered = log_end;
        pthread_mutex_unlock(&log_lock);
    }
    int failed = fails(folder ? OP_SYNC_DIR : OP_SYNC, path, &action);
    if (action == ACT_PRETEND) return 0;
    int error = errno;
    if (action == ACT_KILL_FAILED) failed = 1;
    if (!failed && real(fd)) failed = 1, error = errno;
    if (log_fd >= 0) {
        pthread_mutex_lock(&log_lock);
        if (folder && !failed) note(REC_DIR_SYNCED, st.st_ino, covered, NULL, 0, path, NULL);
        if (!folder) note(failed ? REC_SYNC_FAILED : REC_SYNCED, st.st_ino, covered, NULL, 0, NULL, NULL);
        pthread_mutex_unlock(&log_lock);
    }
    if (action == ACT_KILL_AFTER || action == ACT_KILL_MIDWAY || action == ACT_KILL_FAILED) end_process();
    errno = error;
    return failed ? -1 : 0;
}

int fsync(int fd) { return do_sync(fd, REAL(fsync)); }
int fdatasync(int fd) { return do_sync(fd, REAL(fdatasync)); }

static int do_truncate(int fd, off_t len) {
    char path[PATH_MAX];
    struct stat st;
    uint64_t action;
    if (!inside(fd, path, &st)) return REAL(ftruncate64)(fd, len);
    if (fails(OP_TRUNCATE, path, &action)) return -1;
    pthread_mutex_lock(&log_lock);
    if (log_fd >= 0) note(REC_TRUNCATE, st.st_ino, (uint64_t)len, NULL, 0, NULL, NULL);
    int done = REAL(ftruncate64)(fd, len);
    pthread_mutex_unlock(&log_lock);
    if (action == ACT_KILL_AFTER) end_process();
    return done;
}

int ftruncate(int fd, off_t len) { return do_truncate(fd, len); }
int ftruncate64(int fd, off64_t len) { return do_truncate(fd, len); }

static int do_open(const char *path, int flags, mode_t mode, int (*real)(const char *, int, ...)) {
    uint64_t action = ACT_NONE;
    if (!below(path)) return real(path, flags, mode);
    int before = errno;
    int makes = (flags & O_CREAT) && access(path, F_OK);
    errno = before;
    uint64_t op = makes ? OP_CREATE : (flags & O_ACCMODE) == O_RDONLY ? 0 : OP_OPEN;
    if (op && fails(op, path, &action)) return -1;
    pthread_mutex_lock(&log_lock);
    int fd = real(path, flags, mode);
    struct stat st;
    if (fd >= 0 && log_fd >= 0 && !fstat(fd, &st)) {
        if (makes) note(REC_CREATE, st.st_ino, 0, NULL, 0, path, NULL);
        else if (flags & O_TRUNC) note(REC_TRUNCATE, st.st_ino, 0, NULL, 0, NULL, NULL);
    }
    pthread_mutex_unlock(&log_lock);
    if (action == ACT_KILL_AFTER) end_process();
    return fd;
}

#define OPENER(name) \
    int name(const char *path, int flags, ...) { \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); \
        } \
        return do_open(path, flags, mode, REAL(name)); \
    }
OPENER(open)
OPENER(open64)

int rename(const char *from, const char *to) {
    char name[PATH_MAX + 32];
    uint64_t action;
    if (!below(from) && !below(to)) return REAL(rename)(from, to);
    if (fails(OP_RENAME, to, &action)) return -1;
    pthread_mutex_lock(&log_lock);
    if (log_fd >= 0) {
        /* `at`: one more than the number it is kept under; 0 = none. */
        const char *kept = keep_file(to, name);
        note(REC_RENAME, ino_of(from), kept ? log_end + 1 : 0, NULL, 0, from, to);
    }
    int done = REAL(rename)(from, to);
    pthread_mutex_unlock(&log_lock);
    if (action == ACT_KILL_AFTER) end_process();
    return done;
}

int unlink(const char *path) {
    char name[PATH_MAX + 32];
    uint64_t action;
    if (!below(path)) return REAL(unlink)(path);
    if (fails(OP_UNLINK, path, &action)) return -1;
    pthread_mutex_lock(&log_lock);
    if (log_fd >= 0 && keep_file(path, name)) note(REC_UNLINK, ino_of(path), log_end + 1, NULL, 0, path, NULL);
    int done = REAL(unlink)(path);
    pthread_mutex_unlock(&log_lock);
    if (action == ACT_KILL_AFTER) end_process();
    return done;
}

int mkdir(const char *path, mode_t mode) {
    uint64_t action;
    if (!below(path)) return REAL(mkdir)(path, mode);
    if (fails(OP_MKDIR, path, &action)) return -1;
    pthread_mutex_lock(&log_lock);
    int done = REAL(mkdir)(path, mode);
    if (!done && log_fd >= 0) note(REC_MKDIR, ino_of(path), 0, NULL, 0, path, NULL);
    pthread_mutex_unlock(&log_lock);
    return done;
}

int clock_gettime(clockid_t id, struct timespec *out) {
    int done = REAL(clock_gettime)(id, out);
    if (!done && control && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        int64_t ns = out->tv_nsec + atomic_load(&control->clock_ns) % 1000000000;
        int64_t s = out->tv_sec + atomic_load(&control->clock_ns) / 1000000000;
        if (ns < 0) ns += 1000000000, s--;
        if (ns >= 1000000000) ns -= 1000000000, s++;
        out->tv_sec = s;
        out->tv_nsec = ns;
    }
    return done;
}
