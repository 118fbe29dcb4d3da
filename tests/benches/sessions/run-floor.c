/* What `gobo-session run` does at least, and nothing else: a user namespace, a mount namespace, an overlay over each part of
 * the index, and the command. `run-floor LAYER AREA,AREA,... COMMAND...` */

#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static void need(int done, const char *what)
{
    if (done < 0) {
        perror(what);
        exit(1);
    }
}

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    need(fd, path);
    need((int)write(fd, text, strlen(text)), path);
    close(fd);
}

int main(int argc, char **argv)
{
    char text[64], options[8192], place[4096];
    unsigned uid = getuid(), gid = getgid();

    if (argc < 4)
        return 2;
    need(unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
    write_text("/proc/self/setgroups", "deny");
    snprintf(text, sizeof text, "%u %u 1", uid, uid);
    write_text("/proc/self/uid_map", text);
    snprintf(text, sizeof text, "%u %u 1", gid, gid);
    write_text("/proc/self/gid_map", text);
    need(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "slave");
    for (char *area = strtok(argv[2], ","); area; area = strtok(NULL, ",")) {
        snprintf(options, sizeof options, "lowerdir=%s/%s:/System/Index/%s", argv[1], area, area);
        snprintf(place, sizeof place, "/System/Index/%s", area);
        need(mount("floor", place, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, options), place);
    }
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 1;
}
