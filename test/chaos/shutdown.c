/*
 * Takes the power from a mounted ext4: from here on it neither reads nor writes, and what its journal had not on the disk yet is
 * lost (EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH; linux, fs/ext4/ext4.h).
 *
 *   shutdown FOLDER
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)

int main(int count, char **arguments) {
  uint32_t without_flush = 2;
  int fd = count == 2 ? open(arguments[1], O_RDONLY) : -1;
  if (fd >= 0 && ioctl(fd, EXT4_IOC_SHUTDOWN, &without_flush) == 0) return 0;
  perror("shutdown");
  return 1;
}
