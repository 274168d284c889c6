/*
 * Files that a program keeps for itself in a folder of the user (caches): whether nobody else can
 * have written one, and how a folder of them stays small. Threads: pure but for the files.
 */
#ifndef KONSEKI_PRIVATE_FILE_H
#define KONSEKI_PRIVATE_FILE_H

#include "err.h"

/* Makes the folder and those above it, readable by the owner only. False if that fails. */
bool private_folder_make(const char *folder);
/* True for a regular file (no link) of this user that nobody else may write. */
bool private_file_is_mine(const char *path);
/* Removes the files of the folder whose names end so, but for the `keep` that changed last. */
void private_folder_prune(const char *folder, struct str ending, size_t keep);
/* The file was used: it counts as changed now. */
void private_file_touch(const char *path);

#endif
