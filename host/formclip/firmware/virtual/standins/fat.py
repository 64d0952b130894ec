"""FAT12 and FAT16 on the flash, with FatFs's habits: what reaches the flash when, and what does not.

One 512-byte window serves FAT, directory and the odd ends of files; whole blocks of a file go past it. A file's size
and first cluster reach its directory entry on flush or close only. `sync` empties the flash's cache, not the window.

Layout as CircuitPython formats a 2 MiB drive: no MBR, 1 FAT, 512 root entries, clusters of one block.

Source   ChaN FatFs R0.15 (FF_FS_TINY 1) as in CircuitPython 10; Microsoft FAT specification 1.03 for the layout
Differs  one open file may write at a time is not enforced; time stamps are fixed; names compare without case
"""

import struct

from flash import BLOCK_B

_ROOT_ENTRIES = 512
_END = 0xFFF8
_DIR, _LFN, _VOLUME = 0x10, 0x0F, 0x08
_EIO, _ENOENT, _EEXIST, _EISDIR, _ENOTDIR, _EINVAL, _ENOSPC, _EROFS, _ENOTEMPTY = 5, 2, 17, 21, 20, 22, 28, 30, 39
_DATE = 0x5C21


class Entry:
    """Where a file or folder is: its directory entry's block and offset (None for the root), cluster, size."""

    def __init__(self, block, offset, first, size_b, folder, slots=()):
        self.block, self.offset = block, offset
        self.first, self.size_b = first, size_b
        self.folder = folder
        self.slots = slots  # (block, offset) of its long-name entries


class Fat:
    """A mounted drive.

    In        paths with "/" between the names, from the root
    Out       open -> File; listdir, stat, statvfs as in `os`
    Errors    OSError with the numbers that CircuitPython gives
    """

    def __init__(self, flash, table=None):
        self.flash = flash
        self.readonly = True
        self.hidden = False
        self._window = bytearray(BLOCK_B)
        self._at = -1
        self._dirty = False
        self._used_from = 2
        boot = bytearray(BLOCK_B)
        flash.read_block(0, boot)
        if boot[510:512] != b"\x55\xaa":
            raise OSError(_EIO)
        (size, per, reserved, fats, roots, total, _, fat_blocks) = struct.unpack_from("<HBHBHHBH", boot, 11)
        if size != BLOCK_B or per != 1:
            raise OSError(_EIO)
        self._fat_at = reserved
        self._fats = fats
        self._root_at = reserved + fats * fat_blocks
        self._root_blocks = roots * 32 // BLOCK_B
        self._data_at = self._root_at + self._root_blocks
        self.clusters = total - self._data_at
        self._wide = self.clusters > 4084
        self._fat_b = fat_blocks * BLOCK_B
        self._table = bytearray(self._fat_b) if table is None else table
        for i in range(fat_blocks):
            flash.read_block(reserved + i, self._table, i * BLOCK_B)

    def format(self):
        make(self.flash)

    # The window.
    def _move(self, block):
        if block != self._at:
            self._clean()
            self.flash.read_block(block, self._window)
            self._at = block
        return self._window

    def _clean(self):
        if self._dirty:
            self._dirty = False
            self.flash.write_block(self._at, bytes(self._window))

    def sync(self):
        """`os.sync()`: what the flash's cache holds, not the window."""
        self.flash.flush()

    def _sync_all(self):
        self._clean()
        self.flash.flush()

    # The table.
    def next_of(self, cluster):
        if self._wide:
            return self._table[cluster * 2] | self._table[cluster * 2 + 1] << 8
        at = cluster + cluster // 2
        pair = self._table[at] | self._table[at + 1] << 8
        value = pair >> 4 if cluster & 1 else pair & 0xFFF
        return value | 0xF000 if value >= 0xFF8 else value

    def _set_next(self, cluster, value):
        at = cluster * 2 if self._wide else cluster + cluster // 2
        for k in (0, 1):
            if self._wide:
                byte = value >> 8 * k & 255
            elif cluster & 1:
                byte = self._table[at] & 15 | (value & 15) << 4 if k == 0 else value >> 4 & 255
            else:
                byte = value & 255 if k == 0 else self._table[at + 1] & 0xF0 | value >> 8 & 15
            self._table[at + k] = byte
            window = self._move(self._fat_at + (at + k) // BLOCK_B)
            window[(at + k) % BLOCK_B] = byte
            self._dirty = True

    def _new_cluster(self, after):
        for i in range(self.clusters):
            c = 2 + (self._used_from - 2 + i) % self.clusters
            if self.next_of(c) == 0:
                self._used_from = c + 1
                self._set_next(c, 0xFFFF)
                if after:
                    self._set_next(after, c)
                return c
        raise OSError(_ENOSPC)

    def _free_chain(self, cluster):
        while 2 <= cluster < self.clusters + 2:
            following = self.next_of(cluster)
            self._set_next(cluster, 0)
            self._used_from = min(self._used_from, cluster)
            cluster = following

    def block_of(self, cluster):
        if not 2 <= cluster < self.clusters + 2:
            raise OSError(_EIO)
        return self._data_at + cluster - 2

    def free_clusters(self):
        return sum(1 for c in range(2, self.clusters + 2) if self.next_of(c) == 0)

    # Folders.
    def _blocks_of(self, folder):
        if folder.first == 0:
            yield from range(self._root_at, self._root_at + self._root_blocks)
            return
        cluster = folder.first
        while cluster < _END:
            yield self.block_of(cluster)
            cluster = self.next_of(cluster)

    def _entries(self, folder):
        """(name, Entry) of all there is in a folder; deleted ones left out."""
        long_name, slots = {}, []
        for block in self._blocks_of(folder):
            for offset in range(0, BLOCK_B, 32):
                e = bytes(self._move(block)[offset : offset + 32])
                if e[0] == 0:
                    return
                if e[0] == 0xE5:
                    long_name, slots = {}, []
                    continue
                if e[11] == _LFN:
                    part = ""
                    for a, b in ((1, 11), (14, 26), (28, 32)):
                        for k in range(a, b, 2):
                            if e[k] | e[k + 1] << 8 not in (0, 0xFFFF):
                                part += chr(e[k] | e[k + 1] << 8)
                    long_name[e[0] & 31] = part
                    slots.append((block, offset))
                    continue
                if e[11] & _VOLUME:
                    long_name, slots = {}, []
                    continue
                if long_name:
                    name = "".join([long_name[k] for k in sorted(long_name)])
                else:
                    name = e[:8].decode().rstrip()
                    name = name.lower() if e[12] & 8 else name
                    ext = e[8:11].decode().rstrip()
                    if ext:
                        name += "." + (ext.lower() if e[12] & 16 else ext)
                first, size_b = struct.unpack_from("<HI", e, 26)
                yield name, Entry(block, offset, first, size_b, bool(e[11] & _DIR), slots)
                long_name, slots = {}, []

    def _find(self, path):
        """(folder, name, Entry or None) of a path."""
        here = Entry(None, 0, 0, 0, True)
        parts = [p for p in path.split("/") if p not in ("", ".")]
        if not parts:
            return None, "", here
        for i, part in enumerate(parts):
            found = None
            for name, entry in self._entries(here):
                if name.lower() == part.lower():
                    found = entry
                    break
            if i == len(parts) - 1:
                return here, part, found
            if found is None:
                raise OSError(_ENOENT)
            if not found.folder:
                raise OSError(_ENOTDIR)
            here = found

    def _writable(self):
        if self.readonly:
            raise OSError(_EROFS)

    def _add(self, folder, name, folder_flag, first=0):
        base, dot, ext = name.rpartition(".")
        if not dot:
            base, ext = name, ""
        plain = base + ext
        for c in "_-~":
            plain = plain.replace(c, "")
        short = 0 < len(base) <= 8 and len(ext) <= 3 and _alnum(plain)
        lower = name == name.lower()
        if short and (lower or name == name.upper()):
            count = 1
            key = ("%-8s%-3s" % (base.upper(), ext.upper())).encode()
            case = 24 if lower else 0
        else:
            count = 1 + (len(name) + 12) // 13
            key = self._tail(folder, base, ext)
            case = 0
        run = self._free_slots(folder, count)
        if count > 1:
            total = 0
            for byte in key:
                total = ((total & 1) << 7) + (total >> 1) + byte & 255
            text = name + "\0"
            for k in range(count - 1, 0, -1):
                e = bytearray(b"\xff" * 32)
                e[0] = k | (0x40 if k == count - 1 else 0)
                e[11], e[12], e[13] = _LFN, 0, total
                e[26] = e[27] = 0
                place = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]
                for j in range(13):
                    i = (k - 1) * 13 + j
                    if i < len(text):
                        struct.pack_into("<H", e, place[j], ord(text[i]))
                self._put(run[count - 1 - k], e)
        e = bytearray(32)
        e[:11] = key
        e[11] = _DIR if folder_flag else 0x20
        e[12] = case
        struct.pack_into("<H", e, 24, _DATE)
        struct.pack_into("<HI", e, 26, first, 0)
        self._put(run[-1], e)
        return Entry(run[-1][0], run[-1][1], first, 0, folder_flag, run[:-1])

    def _tail(self, folder, base, ext):
        """A short name with ~n that the folder does not hold yet."""
        keep = "".join([c for c in base.upper() if _alnum(c) or c == "_"])[:6]
        taken = []
        for block in self._blocks_of(folder):
            window = self._move(block)
            taken += [bytes(window[i : i + 11]) for i in range(0, BLOCK_B, 32)]
        n = 1
        while True:
            tail = "~%d" % n
            key = ("%-8s%-3s" % (keep[: 8 - len(tail)] + tail, ext.upper()[:3])).encode()
            if key not in taken:
                return key
            n += 1

    def _free_slots(self, folder, count):
        run = []
        for block in self._blocks_of(folder):
            for offset in range(0, BLOCK_B, 32):
                if self._move(block)[offset] in (0, 0xE5):
                    run.append((block, offset))
                    if len(run) == count:
                        return run
                else:
                    run = []
        if folder.first == 0:
            raise OSError(_ENOSPC)
        last = folder.first
        while self.next_of(last) < _END:
            last = self.next_of(last)
        self._blank(self._new_cluster(last))
        return self._free_slots(folder, count)

    def _blank(self, cluster):
        block = self.block_of(cluster)
        self._move(block)
        for i in range(BLOCK_B):
            self._window[i] = 0
        self._dirty = True

    def _put(self, place, entry):
        self._move(place[0])[place[1] : place[1] + 32] = entry
        self._dirty = True

    # What `open` and `os` do.
    def open(self, path, mode="r"):
        kind = mode.replace("b", "").replace("t", "")
        if kind not in ("r", "w", "a", "r+", "w+", "a+", "x"):
            raise ValueError("bad mode " + mode)
        writing = kind != "r"
        folder, name, entry = self._find(path)
        if writing:
            self._writable()
        if entry is None:
            if kind[0] == "r":
                raise OSError(_ENOENT)
            entry = self._add(folder, name, False)
            self._clean()
        elif entry.folder:
            raise OSError(_EISDIR)
        elif kind == "x":
            raise OSError(_EEXIST)
        elif kind[0] == "w":
            self._free_chain(entry.first)
            entry.first = entry.size_b = 0
            self.write_entry(entry)
        raw = File(self, entry, writing)
        if kind[0] == "a":
            raw.seek(0, 2)
        return raw if "b" in mode else Text(raw)

    def write_entry(self, entry):
        window = self._move(entry.block)
        struct.pack_into("<HHHI", window, entry.offset + 22, 0, _DATE, entry.first, entry.size_b)
        self._dirty = True

    def listdir(self, path="/"):
        _, _, entry = self._find(path)
        if entry is None:
            raise OSError(_ENOENT)
        return [name for name, _ in self._entries(entry) if name not in (".", "..")]

    def stat(self, path):
        _, _, entry = self._find(path)
        if entry is None:
            raise OSError(_ENOENT)
        mode = 0x4000 if entry.folder else 0x8000
        return (mode, 0, 0, 0, 0, 0, entry.size_b, 946684800, 946684800, 946684800)

    def statvfs(self):
        free = self.free_clusters()
        return (BLOCK_B, BLOCK_B, self.clusters, free, free, 0, 0, 0, 0, 255)

    def mkdir(self, path):
        self._writable()
        folder, name, entry = self._find(path)
        if entry is not None:
            raise OSError(_EEXIST)
        cluster = self._new_cluster(0)
        self._blank(cluster)
        for k, (label, first) in enumerate(((b".          ", cluster), (b"..         ", folder.first))):
            e = bytearray(32)
            e[:11] = label
            e[11] = _DIR
            struct.pack_into("<HH", e, 24, _DATE, first)
            self._put((self.block_of(cluster), 32 * k), e)
        self._add(folder, name, True, cluster)
        self._sync_all()

    def remove(self, path):
        self._writable()
        _, _, entry = self._find(path)
        if entry is None or entry.block is None:
            raise OSError(_ENOENT)
        if entry.folder and self.listdir(path):
            raise OSError(_ENOTEMPTY)
        for block, offset in list(entry.slots) + [(entry.block, entry.offset)]:
            self._move(block)[offset] = 0xE5
            self._dirty = True
        self._free_chain(entry.first)
        self._sync_all()

    def rename(self, old, new):
        self._writable()
        _, _, entry = self._find(old)
        folder, name, other = self._find(new)
        if entry is None:
            raise OSError(_ENOENT)
        if other is not None:
            raise OSError(_EEXIST)
        moved = self._add(folder, name, entry.folder, entry.first)
        moved.size_b = entry.size_b
        self.write_entry(moved)
        for block, offset in list(entry.slots) + [(entry.block, entry.offset)]:
            self._move(block)[offset] = 0xE5
            self._dirty = True
        self._sync_all()


class File:
    """An open file, binary."""

    def __init__(self, fat, entry, writing):
        self._fat = fat
        self._entry = entry
        self._writing = writing
        self._pos = 0
        self._modified = False
        self._cluster_no = -1  # of the cluster last looked up
        self._cluster = 0
        self._buf = bytearray(BLOCK_B)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _alive(self):
        if self._fat is None:
            raise OSError(_EINVAL)
        return self._fat

    def tell(self):
        return self._pos

    def seek(self, offset, whence=0):
        self._alive()
        base = (0, self._pos, self._entry.size_b)[whence]
        self._pos = max(0, base + offset)
        if self._pos > self._entry.size_b:
            if not self._writing:
                self._pos = self._entry.size_b
            else:
                self._at(self._pos // BLOCK_B - (0 if self._pos % BLOCK_B else 1), True)
                self._entry.size_b = self._pos
                self._modified = True
        return self._pos

    def _at(self, number, grow):
        """Block of the file's cluster `number`."""
        fat, entry = self._fat, self._entry
        if number < 0:
            return 0
        if entry.first == 0:
            if not grow:
                raise OSError(_EIO)
            entry.first = fat._new_cluster(0)
            self._cluster_no = -1
        if self._cluster_no < 0 or number < self._cluster_no:
            self._cluster_no, self._cluster = 0, entry.first
        while self._cluster_no < number:
            following = fat.next_of(self._cluster)
            if following >= _END:
                if not grow:
                    raise OSError(_EIO)
                following = fat._new_cluster(self._cluster)
            self._cluster = following
            self._cluster_no += 1
        return fat.block_of(self._cluster)

    def readinto(self, buf):
        fat = self._alive()
        n = min(len(buf), max(0, self._entry.size_b - self._pos))
        done = 0
        view = memoryview(buf)
        while done < n:
            block, k = self._at(self._pos // BLOCK_B, False), self._pos % BLOCK_B
            take = min(BLOCK_B - k, n - done)
            if take == BLOCK_B and block != fat._at:
                fat.flash.read_block(block, self._buf)
                view[done : done + take] = self._buf
            else:
                view[done : done + take] = fat._move(block)[k : k + take]
            done += take
            self._pos += take
        return n

    def read(self, n=-1):
        left = max(0, self._entry.size_b - self._pos)
        buf = bytearray(left if n is None or n < 0 else min(n, left))
        self.readinto(buf)
        return bytes(buf)

    def write(self, data):
        fat = self._alive()
        if not self._writing:
            raise OSError(_EINVAL)
        if isinstance(data, str):
            data = data.encode()
        fat._writable()
        view = memoryview(data)
        n = len(view)
        done = 0
        while done < n:
            try:
                block, k = self._at(self._pos // BLOCK_B, True), self._pos % BLOCK_B
            except OSError:
                if done:
                    break  # FatFs tells how much there was room for
                raise
            take = min(BLOCK_B - k, n - done)
            if take == BLOCK_B:
                if fat._at == block:
                    fat._dirty = False
                    fat._at = -1
                fat.flash.write_block(block, bytes(view[done : done + take]))
            else:
                if self._pos >= self._entry.size_b and k == 0:
                    fat._clean()
                    fat._at = block  # nothing there worth reading
                fat._move(block)[k : k + take] = view[done : done + take]
                fat._dirty = True
            done += take
            self._pos += take
            self._entry.size_b = max(self._entry.size_b, self._pos)
            self._modified = True
        return done

    def flush(self):
        fat = self._alive()
        if self._modified:
            fat.write_entry(self._entry)
            fat._sync_all()
            self._modified = False

    def close(self):
        if self._fat is not None:
            self.flush()
            self._fat = None


class Text:
    """A file opened without "b": str in, str out."""

    def __init__(self, raw):
        self._raw = raw

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._raw.close()

    def read(self, n=-1):
        return self._raw.read(n).decode()

    def write(self, text):
        return self._raw.write(text.encode())

    def __iter__(self):
        return iter(self._raw.read().decode().splitlines())

    def readline(self):
        out = b""
        while not out.endswith(b"\n"):
            c = self._raw.read(1)
            if not c:
                break
            out += c
        return out.decode()

    def flush(self):
        self._raw.flush()

    def close(self):
        self._raw.close()


def _alnum(text):
    for c in text:
        if not (c.isalpha() or c.isdigit()):
            return False
    return bool(text)


def make(flash):
    """A fresh file system over the whole flash, as CircuitPython formats it."""
    total = flash.blocks
    fat_blocks = ((total + 2) * 3 // 2 + BLOCK_B - 1) // BLOCK_B
    root_blocks = _ROOT_ENTRIES * 32 // BLOCK_B
    if total - 1 - root_blocks - fat_blocks > 4084:
        fat_blocks = ((total + 2) * 2 + BLOCK_B - 1) // BLOCK_B
    boot = bytearray(BLOCK_B)
    boot[0:11] = b"\xeb\xfe\x90MSDOS5.0"
    struct.pack_into("<HBHBHHBH", boot, 11, BLOCK_B, 1, 1, 1, _ROOT_ENTRIES, total, 0xF8, fat_blocks)
    struct.pack_into("<HH", boot, 24, 63, 255)
    boot[36], boot[38] = 0x80, 0x29
    struct.pack_into("<I", boot, 39, 0x1C11)
    boot[43:62] = b"CIRCUITPY  FAT     "
    boot[510:512] = b"\x55\xaa"
    flash.write_block(0, bytes(boot))
    empty = bytes(BLOCK_B)
    wide = total - 1 - root_blocks - fat_blocks > 4084
    for i in range(fat_blocks + root_blocks):
        head = b"\xf8\xff\xff\xff" if wide else b"\xf8\xff\xff\0"
        flash.write_block(1 + i, head + bytes(BLOCK_B - 4) if i == 0 else empty)
    flash.flush()
