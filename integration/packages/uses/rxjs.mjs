// skep invoke APP --data null
// answers [10,[20,1],[1,20],[0,1,2],true]
import { concatMap, delay, filter, from, interval, lastValueFrom, map, mergeMap, of, reduce, take, takeUntil, timer, toArray } from "rxjs";

export default async () => {
    return [
        await lastValueFrom(from([1, 2, 3, 4]).pipe(filter((n) => n % 2), map((n) => n * n), reduce((sum, n) => sum + n, 0))),
        await lastValueFrom(of(20, 1).pipe(concatMap((ms) => of(ms).pipe(delay(ms))), toArray())),
        await lastValueFrom(of(20, 1).pipe(mergeMap((ms) => of(ms).pipe(delay(ms))), toArray())),
        await lastValueFrom(interval(1).pipe(take(3), toArray())),
        (await lastValueFrom(interval(1).pipe(takeUntil(timer(30)), toArray()))).length < 31,
    ];
};
